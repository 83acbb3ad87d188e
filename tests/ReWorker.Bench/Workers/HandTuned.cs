using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using RabbitMQ.Client;

namespace ReWorker.Bench.Workers;

/// <summary>
/// The code of an expert who wants only speed: one publish channel, pipelined confirms that it tracks itself, batched
/// acks. It does not reconnect, check, limit, drain or report.
/// </summary>
internal sealed class HandTuned : AsyncDefaultBasicConsumer
{
    private static readonly byte[] Started = """{"status":"started"}"""u8.ToArray();
    private static readonly byte[] Completed = """{"status":"completed"}"""u8.ToArray();
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Channel<Job> _jobs = System.Threading.Channels.Channel.CreateUnbounded<Job>();
    private readonly HandTunedPublisher _publisher;
    private readonly HandTunedAcks _acks;

    private HandTuned(IChannel consume, IChannel publish) : base(consume)
    {
        _acks = new HandTunedAcks(consume);
        _publisher = new HandTunedPublisher(publish, _acks);
    }

    internal sealed record Job(ulong Tag, IReadOnlyBasicProperties Properties, byte[] Body)
    {
        /// <summary>The number of unconfirmed messages, plus one while the step runs.</summary>
        public int Open = 1;
    }

    public static async Task RunAsync(Uri broker, string queue, int concurrency, int prefetch, CancellationToken stop)
    {
        var factory = new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false };
        await using var consumes = await factory.CreateConnectionAsync("hand-tuned consumes", stop);
        await using var publishes = await factory.CreateConnectionAsync("hand-tuned publishes", stop);
        var publish = await publishes.CreateChannelAsync(new CreateChannelOptions(true, false), stop);
        var consume = await consumes.CreateChannelAsync(cancellationToken: stop);
        await consume.BasicQosAsync(0, (ushort)prefetch, global: false, stop);
        var worker = new HandTuned(consume, publish);
        for (var slot = 0; slot < concurrency; slot++) _ = Task.Run(worker.WorkAsync, CancellationToken.None);
        _ = worker._publisher.RunAsync();
        _ = worker._acks.RunAsync();
        await consume.BasicConsumeAsync(queue, autoAck: false, worker, stop);
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
        IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        _jobs.Writer.TryWrite(new Job(deliveryTag, properties, body.ToArray()));
        return Task.CompletedTask;
    }

    private async Task WorkAsync()
    {
        await foreach (var job in _jobs.Reader.ReadAllAsync())
        {
            var trace = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
            var (lines, environment) = Read(job.Body);
            if (!environment) throw new InvalidOperationException("the job lacks 'environment'");
            Send(job, "", job.Properties.ReplyTo!, Started, $"{job.Properties.CorrelationId}:started", trace);
            for (var line = 0; line < lines; line++)
            {
                var id = $"{job.Properties.CorrelationId}:{line}";
                Send(job, "re", "output", Line($"Frobbing frobd on host {line}"), id, trace);
            }
            Send(job, "", job.Properties.ReplyTo!, Completed, $"{job.Properties.CorrelationId}:completed", trace);
            _acks.CountDown(job);
        }
    }

    private void Send(Job job, string exchange, string key, byte[] body, string id, string trace)
    {
        Interlocked.Increment(ref job.Open);
        _publisher.Enqueue(new HandTunedPublisher.Message(job, exchange, key, body, id, trace));
    }

    private static (int Lines, bool Environment) Read(ReadOnlySpan<byte> body)
    {
        var (lines, environment) = (0, false);
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (reader.TokenType is not JsonTokenType.PropertyName) continue;
            if (reader.ValueTextEquals("lines"u8) && reader.Read()) lines = reader.GetInt32();
            else if (reader.ValueTextEquals("environment"u8)) environment = true;
        }
        return (lines, environment);
    }

    private static byte[] Line(string text)
    {
        using var buffer = new MemoryStream(text.Length + 20);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteString("message"u8, text);
            writer.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
