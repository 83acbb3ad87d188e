namespace ReWorker.Wire.Connections;

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

/// <summary>Why an epoch ended. The detail says what happened, usually in the broker's words.</summary>
internal sealed record Loss(LossReason Reason, string Detail);
