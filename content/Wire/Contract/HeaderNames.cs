namespace ReWorker.Wire.Contract;

/// <summary>The headers that the broker and the workers write.</summary>
internal static class HeaderNames
{
    /// <summary>How often a quorum queue has counted a delivery as failed.</summary>
    public const string DeliveryCount = "x-delivery-count";

    /// <summary>How often a queue of RabbitMQ 4.3 has delivered the message, also without a failure.</summary>
    public const string AcquiredCount = "x-acquired-count";

    /// <summary>A worker's own count of failed attempts, on a message that it republished.</summary>
    public const string Attempts = "x-reworker-attempts";

    /// <summary>Why a job was parked.</summary>
    public const string Reason = "x-reworker-reason";

    /// <summary>When a job was parked, in ISO 8601.</summary>
    public const string ParkedAt = "x-reworker-parked-at";

    /// <summary>The queue that a parked job came from.</summary>
    public const string Queue = "x-reworker-queue";

    /// <summary>The headers that a copy of a job had to leave out.</summary>
    public const string DroppedHeaders = "x-reworker-dropped-headers";
}
