using System.Security.Cryptography;

namespace ReWorker.Tools.CommandLine;

/// <summary>A parked job, and why it was parked: as the runtime says, or else the broker.</summary>
internal sealed class DeadJob
{
    public const int IdLength = 8;

    private const string ReadCount = "x-delivery-count";
    private const string ParkedAtHeader = "x-reworker-parked-at";

    /// <summary>Headers that the broker or the client writes or acts on.</summary>
    private static readonly string[] BrokerHeaders =
        [ReadCount, "x-acquired-count", "x-dotnet-pub-seq-no", "CC", "BCC"];

    /// <summary>Headers about the job's past. A replayed job has none.</summary>
    private static readonly string[] HistoryHeaders = ["x-reworker-", "x-death", "x-first-death-", "x-last-death-"];

    private readonly string _digest;
    private readonly IDictionary<string, object?>? _death;

    public DeadJob(int number, BasicGetResult message)
    {
        (Number, DeliveryTag) = (number, message.DeliveryTag);
        (Properties, Body) = (message.BasicProperties, message.Body.ToArray());
        var parkedAt = Properties.Text(ParkedAtHeader);
        var identity = string.Join('\n', Properties.MessageId, Properties.CorrelationId, Properties.ReplyTo, parkedAt);
        _digest = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(identity), .. Body]));
        if (Properties.Headers?.TryGetValue("x-death", out var deaths) is true)
            _death = (deaths as IList<object?>)?.FirstOrDefault() as IDictionary<string, object?>;
    }

    public ulong DeliveryTag { get; }
    public IReadOnlyBasicProperties Properties { get; }
    public byte[] Body { get; }

    /// <summary>The job's place in the queue, from 1.</summary>
    public int Number { get; }

    /// <summary>Stays the same while the job is parked, wherever it is in the queue.</summary>
    public string Id => _digest[..IdLength];

    public string CorrelationId => Properties.CorrelationId ?? "(no correlation id)";

    /// <summary>How many reads the broker counts as failed deliveries. At the queue's limit it drops the job.</summary>
    public long Reads => long.TryParse(Properties.Text(ReadCount), out var count) ? count : 0;

    public string Reason => Properties.Text("x-reworker-reason")
        ?? (_death is null
            ? "unknown: the message does not say"
            : $"dead-lettered by the broker: {Death("reason")} in {Death("queue")}");

    public string ParkedAt => Properties.Text(ParkedAtHeader) is { } text
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out var time)
            ? DeadHeaders.Format(time)
            : Death("time");

    public string Attempts => Properties.Text("x-reworker-attempts") ?? Death("count");

    /// <summary>Properties for the worker's queue. A worker that remembers the message id would skip the job.</summary>
    public BasicProperties ToReplay() =>
        new(Copy([.. BrokerHeaders, .. HistoryHeaders])) { MessageId = $"replay:{_digest[..32]}" };

    /// <summary>Properties for the dead-letter queue: the history stays, and the count of reads starts anew.</summary>
    public BasicProperties ToRepark() => Copy(BrokerHeaders);

    private BasicProperties Copy(string[] withoutPrefixes)
    {
        var copy = new BasicProperties(Properties) { Persistent = true };
        // the broker rejects another user's name, and would drop an expired job
        copy.ClearUserId();
        copy.ClearExpiration();
        copy.Headers = Properties.Headers?
            .Where(header => !withoutPrefixes.Any(prefix => header.Key.StartsWith(prefix, StringComparison.Ordinal)))
            .ToDictionary();
        return copy;
    }

    private string Death(string key) =>
        _death?.TryGetValue(key, out var value) is true ? DeadHeaders.Format(value) : "?";
}
