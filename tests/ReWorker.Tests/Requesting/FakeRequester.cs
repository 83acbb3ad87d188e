using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Client;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;

namespace ReWorker.Tests.Requesting;

/// <summary>A job on the wire, which the test confirms, returns or rejects.</summary>
internal sealed record SentJob(
    FakeChannel Channel, string Exchange, string Key, bool Mandatory, BasicProperties Properties, byte[] Body,
    CancellationToken Token)
{
    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Answer => _answer.Task;
    public string Text => Encoding.UTF8.GetString(Body);

    public void Confirm() => _answer.SetResult();

    public void Return() => _answer.SetException(new PublishException(1, isReturn: true));

    public void Nack() => _answer.SetException(new PublishException(1, isReturn: false));

    public void Throw(Exception e) => _answer.SetException(e);
}

/// <summary>A client in virtual time, whose broker and worker are played by the test.</summary>
internal sealed class FakeRequester : IAsyncDisposable
{
    public const string Address = "amqp://guest@localhost:5672/%2F";

    public static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly List<SentJob> _sent = [];
    private ulong _tag;

    public FakeRequester(JobClientOptions? options = null)
    {
        Source = new FakeSource(Time) { OnOpen = Open };
        Client = new JobClient(Source, options ?? new(), ConfirmTimeout, Time, Log.CreateLogger("client"));
    }

    public RecordingTime Time { get; } = new();
    public FakeSource Source { get; }
    public LogRecords Log { get; } = new();
    public JobClient Client { get; }

    /// <summary>What the broker does with each channel and connection, beyond the default.</summary>
    public Action<FakeConnection>? OnConnection { get; set; }

    public Func<FakeChannel, FakeCall, Task?>? OnCall { get; set; }

    /// <summary>Confirms each job as soon as it arrives.</summary>
    public bool ConfirmsAll { get; set; }

    public IReadOnlyList<SentJob> Sent
    {
        get { lock (_gate) return [.. _sent]; }
    }

    public FakeConnection Publishes => Source.Connections.Last(one => one.Name == "requester");
    public FakeConnection Consumes => Source.Connections.Last(one => one.Name == "requester, replies");

    /// <summary>The newest session's channel with the consumer of the reply queue.</summary>
    public FakeChannel Replies => Consumes.Channels.Single(channel => channel.Consumer is not null);

    /// <summary>What the client reported as the reason why jobs can't be sent.</summary>
    public IEnumerable<string> Troubles => Log.WithId(80).Select(record => record.Message);

    public async Task<SentJob> SentAsync(int count = 1)
    {
        await Until.TrueAsync(() => Sent.Count >= count, $"publishing {count} jobs");
        return Sent[count - 1];
    }

    /// <summary>Lets the pauses pass that come before a job is sent again.</summary>
    public async Task<SentJob> ResentAsync(int count = 2)
    {
        await Time.AdvanceUntilAsync(() => Sent.Count >= count, $"publishing {count} jobs");
        return Sent[count - 1];
    }

    /// <summary>Sends a message about a job to the reply queue, by default as a status.</summary>
    public Task ReplyAsync(
        string? correlationId, string json, string? messageId = null, string exchange = "", string? key = null)
    {
        var properties = new BasicProperties { CorrelationId = correlationId, MessageId = messageId };
        return Replies.DeliverAsync(
            ++_tag, Encoding.UTF8.GetBytes(json), properties, exchange: exchange, routingKey: key ?? "reply");
    }

    public Task StartAsync(SentJob job) => ReplyAsync(job.Properties.CorrelationId, """{"status":"started"}""");

    public Task CompleteAsync(SentJob job) =>
        ReplyAsync(job.Properties.CorrelationId, """{"status":"completed"}""");

    /// <summary>The broker closes a connection of the client; returns when the client has noticed.</summary>
    public Task LoseAsync(FakeConnection connection, string reason = "CONNECTION_FORCED") =>
        LoseAsync(() => connection.CloseAsync(320, reason));

    /// <summary>The broker closes the channel that the jobs share; returns when the client has noticed.</summary>
    public Task LoseAsync(
        FakeChannel channel, ushort code, string reason, ShutdownInitiator initiator = ShutdownInitiator.Peer) =>
        LoseAsync(() => channel.CloseAsync(code, reason, initiator));

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private async Task LoseAsync(Func<Task> close)
    {
        var before = Troubles.Count();
        await close();
        await Until.TrueAsync(() => Troubles.Count() > before, "the report of the loss");
    }

    private void Open(FakeConnection connection)
    {
        OnConnection?.Invoke(connection);
        connection.OnChannel = channel => channel.OnCall = call => Answer(channel, call);
    }

    private Task? Answer(FakeChannel channel, FakeCall call)
    {
        if (OnCall?.Invoke(channel, call) is { } answer) return answer;
        if (call is not { Method: "BasicPublishAsync", Arguments: { } arguments }) return null;
        var job = new SentJob(
            channel, (string)arguments[0]!, (string)arguments[1]!, (bool)arguments[2]!, (BasicProperties)arguments[3]!,
            ((ReadOnlyMemory<byte>)arguments[4]!).ToArray(), (CancellationToken)arguments[5]!);
        lock (_gate) _sent.Add(job);
        if (ConfirmsAll) job.Confirm();
        return job.Answer;
    }
}
