namespace ReWorker.Wire.Contract;

/// <summary>The headers that the broker and the workers write.</summary>
internal static class HeaderNames
{
    // The broker's: the failed deliveries that a quorum queue has counted, and all deliveries, since RabbitMQ 4.3.
    public const string DeliveryCount = "x-delivery-count";
    public const string AcquiredCount = "x-acquired-count";

    // Written by HeaderFilter: the headers that could not be decoded, and why.
    public const string Unreadable = "x-reworker-unreadable";

    // On a message that a worker has republished: the failed attempts, and the headers that had to be left out.
    public const string Attempts = "x-reworker-attempts";
    public const string DroppedHeaders = "x-reworker-dropped-headers";

    // On a parked job: why it was parked, when (in ISO 8601), and the queue that it came from.
    public const string Reason = "x-reworker-reason";
    public const string ParkedAt = "x-reworker-parked-at";
    public const string Queue = "x-reworker-queue";
}
