using System.Text;
using RabbitMQ.Client;
using ReWorker.Tools.CommandLine;

namespace ReWorker.Tests.CommandLine;

/// <summary>Parked jobs without a broker.</summary>
internal static class Parked
{
    public static DeadJob Job(
        int number = 1, string? correlationId = "job", Action<BasicProperties>? edit = null,
        params (string Key, object? Value)[] headers) =>
        new(number, Message((ulong)number, correlationId, edit, headers));

    public static BasicGetResult Message(
        ulong tag, string? correlationId = "job", Action<BasicProperties>? edit = null,
        params (string Key, object? Value)[] headers)
    {
        var properties = new BasicProperties { ReplyTo = "reply", MessageId = "m", AppId = "app" };
        if (correlationId is not null) properties.CorrelationId = correlationId;
        if (headers.Length > 0) properties.Headers = headers.ToDictionary(header => header.Key, header => header.Value);
        edit?.Invoke(properties);
        return new BasicGetResult(tag, false, "", "worker.q.dead", 0, properties, "{}"u8.ToArray());
    }

    /// <summary>A string as it comes from the broker.</summary>
    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
