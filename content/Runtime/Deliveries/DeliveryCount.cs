using System.Globalization;
using RabbitMQ.Client;

namespace ReWorker.Deliveries;

/// <summary>How often a message was delivered in vain: quorum queues count, classic ones only say that it was.</summary>
internal static class DeliveryCount
{
    /// <summary>Our own count, on a message put back into a queue that does not count.</summary>
    public const string Header = "x-reworker-attempts";

    private const string BrokersHeader = "x-delivery-count";

    /// <summary>RabbitMQ 4.3 counts here what was handed back unharmed, too, and leaves out the other header while that is 0.</summary>
    private const string AcquiredHeader = "x-acquired-count";

    public static int PriorAttempts(IReadOnlyBasicProperties properties, bool redelivered) =>
        IsCounted(properties) ? Number(properties, BrokersHeader) : Number(properties, Header) + (redelivered ? 1 : 0);

    /// <summary>True if the queue counts: a redelivery then needs no count of our own.</summary>
    public static bool IsCounted(IReadOnlyBasicProperties properties) => properties.Headers is { } headers && (headers.ContainsKey(BrokersHeader) || headers.ContainsKey(AcquiredHeader));

    /// <summary>True for a message that was put back with our own count.</summary>
    public static bool IsCopy(IReadOnlyBasicProperties properties) => properties.Headers?.ContainsKey(Header) ?? false;

    private static int Number(IReadOnlyBasicProperties properties, string header) =>
        properties.Headers is { } headers && headers.TryGetValue(header, out var value)
        && value is byte or sbyte or short or ushort or int or uint or long or ulong
            ? (int)Math.Clamp(Convert.ToInt64(value, CultureInfo.InvariantCulture), 0, int.MaxValue)
            : 0;
}
