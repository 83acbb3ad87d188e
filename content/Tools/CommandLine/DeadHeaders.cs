namespace ReWorker.Tools.CommandLine;

/// <summary>Reads AMQP headers, whatever type they have, as text.</summary>
internal static class DeadHeaders
{
    public static string? Text(this IReadOnlyBasicProperties properties, string name) =>
        properties.Headers?.TryGetValue(name, out var value) is true ? Format(value) : null;

    public static string Format(object? value) => value switch
    {
        null => "",
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        IList<object?> list => $"[{string.Join(", ", list.Select(Format))}]",
        IDictionary<string, object?> table =>
            $"{{{string.Join(", ", table.Select(entry => $"{entry.Key}: {Format(entry.Value)}"))}}}",
        AmqpTimestamp time => Format(DateTimeOffset.FromUnixTimeSeconds(time.UnixTime)),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
