namespace ReWorker.Wire.Connections;

/// <summary>Why an epoch ended.</summary>
internal enum LossReason
{
    Stopped,
    Connection,
    Channel,
    ConsumerCancelled,
    ConfirmTimeout,
    Publishing,
    NotConsuming,
}

/// <summary>What an epoch lost.</summary>
/// <param name="Reason">The kind of loss.</param>
/// <param name="Detail">What happened, usually in the broker's words.</param>
internal sealed record Loss(LossReason Reason, string Detail);
