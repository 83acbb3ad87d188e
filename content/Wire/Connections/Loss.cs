namespace ReWorker.Wire.Connections;

/// <summary>Why an epoch ended; the value of the metric's <c>reason</c>.</summary>
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

/// <summary>The end of an epoch, for the log: what was lost, in the broker's words.</summary>
internal sealed record Loss(LossReason Reason, string Detail)
{
    public string Tag => Reason switch
    {
        LossReason.Stopped => "stopped",
        LossReason.Connection => "connection",
        LossReason.Channel => "channel",
        LossReason.ConsumerCancelled => "consumer_cancelled",
        LossReason.ConfirmTimeout => "confirm_timeout",
        LossReason.Publishing => "publishing",
        _ => "not_consuming",
    };
}
