using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;

namespace ReWorker.Tools.CommandLine;

/// <summary>A parked job: who it is, and why it is here, in the runtime's words or else in the broker's.</summary>
internal sealed class DeadJob
{
    private static readonly string[] Bookkeeping = ["x-reworker-", "x-delivery-count", "x-acquired-count", "x-death", "x-first-death-", "x-last-death-", "x-dotnet-pub-seq-no", "CC", "BCC"];
    private static readonly string[] Counters = ["x-delivery-count", "x-acquired-count", "x-dotnet-pub-seq-no", "CC", "BCC"];

    /// <summary>The characters of an id.</summary>
    public const int IdLength = 8;

    private readonly string _digest;

    public DeadJob(int number, BasicGetResult message)
    {
        (Number, Tag, Properties, Body) = (number, message.DeliveryTag, message.BasicProperties, message.Body.ToArray());
        var identity = string.Join('\n', Properties.MessageId, Properties.CorrelationId, Properties.ReplyTo, Header("x-reworker-parked-at"));
        _digest = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(identity), .. Body]));
    }

    /// <summary>Its place in the queue, from 1.</summary>
    public int Number { get; }

    /// <summary>The same as long as it is parked, wherever it stands in the queue.</summary>
    public string Id => _digest[..IdLength];

    public ulong Tag { get; }

    public IReadOnlyBasicProperties Properties { get; }

    public byte[] Body { get; }

    /// <summary>How often the broker has counted a read as a failure; a limit of the queue's would drop it.</summary>
    public long Reads => Properties.Headers?.TryGetValue("x-delivery-count", out var count) is true && count is IConvertible ? Convert.ToInt64(count, CultureInfo.InvariantCulture) : 0;

    public string Reason => Header("x-reworker-reason") ?? (Death is { } death
        ? $"dead-lettered by the broker: {Text(death, "reason")} in {Text(death, "queue")}"
        : "unknown: nothing says why it is here");

    public string ParkedAt => DateTimeOffset.TryParse(Header("x-reworker-parked-at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Time(at)
        : Death is { } death && death.TryGetValue("time", out var time) && time is AmqpTimestamp stamp ? Time(DateTimeOffset.FromUnixTimeSeconds(stamp.UnixTime)) : "?";

    public string Attempts => Header("x-reworker-attempts") ?? (Death is { } death ? Text(death, "count") : "?");

    public string Job => Properties.CorrelationId ?? "(no correlation id)";

    private IDictionary<string, object?>? Death => Properties.Headers?.TryGetValue("x-death", out var deaths) is true && deaths is IList<object?> and [IDictionary<string, object?> first, ..] ? first : null;

    /// <summary>For its queue, as if it came for the first time. An id of its own: a worker that knows the old one would take it for done.</summary>
    public BasicProperties ToReplay() => new(Copy(Bookkeeping)) { MessageId = $"replay:{_digest[..32]}" };

    /// <summary>For the dead-letter queue, to begin anew there with all that it says.</summary>
    public BasicProperties ToRenew() => Copy(Counters);

    public static string Text(object? value) => value switch
    {
        null => "",
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        IList<object?> list => $"[{string.Join(", ", list.Select(Text))}]",
        IDictionary<string, object?> table => $"{{{string.Join(", ", table.Select(one => $"{one.Key}: {Text(one.Value)}"))}}}",
        AmqpTimestamp stamp => Time(DateTimeOffset.FromUnixTimeSeconds(stamp.UnixTime)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Without what the broker would act on: a list of further queues, another user's name, a time to live.</summary>
    private BasicProperties Copy(string[] without)
    {
        var copy = new BasicProperties(Properties) { Persistent = true };
        copy.ClearUserId();
        copy.ClearExpiration();
        copy.Headers = Properties.Headers?.Where(one => !without.Any(prefix => one.Key.StartsWith(prefix, StringComparison.Ordinal))).ToDictionary();
        return copy;
    }

    private string? Header(string name) => Properties.Headers?.TryGetValue(name, out var value) is true ? Text(value) : null;

    private static string Text(IDictionary<string, object?> table, string key) => table.TryGetValue(key, out var value) ? Text(value) : "?";

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
