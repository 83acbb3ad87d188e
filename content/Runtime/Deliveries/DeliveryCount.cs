using System.Globalization;

namespace ReWorker.Deliveries;

/// <summary>Counts failed attempts. Quorum queues count them; classic queues only say that there was one.</summary>
internal static class DeliveryCount
{
    /// <summary>How many earlier attempts failed, by the broker's count or ours.</summary>
    public static int PriorAttempts(IReadOnlyBasicProperties properties, bool redelivered) =>
        IsCountedByBroker(properties)
            ? Read(properties, HeaderNames.DeliveryCount)
            : Read(properties, HeaderNames.Attempts) + (redelivered ? 1 : 0);

    // RabbitMQ 4.3 omits the delivery count while it is 0, and then sends only the acquired count
    public static bool IsCountedByBroker(IReadOnlyBasicProperties properties) =>
        properties.Headers is { } headers
        && (headers.ContainsKey(HeaderNames.DeliveryCount) || headers.ContainsKey(HeaderNames.AcquiredCount));

    /// <summary>True for a message that a worker republished with a count of its own.</summary>
    public static bool IsRepublished(IReadOnlyBasicProperties properties) =>
        properties.Headers?.ContainsKey(HeaderNames.Attempts) ?? false;

    private static int Read(IReadOnlyBasicProperties properties, string header) =>
        properties.Headers is { } headers && headers.TryGetValue(header, out var value)
        && value is byte or sbyte or short or ushort or int or uint or long or ulong
            ? (int)Math.Clamp(Convert.ToInt64(value, CultureInfo.InvariantCulture), 0, int.MaxValue)
            : 0;
}
