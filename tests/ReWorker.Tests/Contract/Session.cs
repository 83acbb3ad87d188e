using System.Text;
using System.Threading.Channels;

namespace ReWorker.Tests.Contract;

/// <summary>A requester's reply queue. It also receives the output and the notifications of its own jobs.</summary>
public sealed class Session : IAsyncDisposable
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(40);

    private readonly Requester _requester;
    private readonly string _name;
    private readonly Channel<ReceivedMessage> _received = Channel.CreateUnbounded<ReceivedMessage>();
    private int _jobs;

    private Session(Requester requester, string name, string queue) =>
        (_requester, _name, ReplyTo) = (requester, name, queue);

    /// <summary>The reply queue's name: <c>amq.gen-…</c></summary>
    public string ReplyTo { get; }

    internal static async Task<Session> OpenAsync(Requester requester, params string[] keys)
    {
        var name = Guid.NewGuid().ToString("n");
        var answer = await requester.CallAsync("open", new { session = name, keys });
        var session = new Session(requester, name, answer.GetProperty("queue").GetString()!);
        requester.Attach(name, session._received.Writer);
        return session;
    }

    /// <summary>Sends a job as the FSM does and returns its correlation id.</summary>
    public string Send(string queue, string body)
    {
        var id = $"{_name}-{Interlocked.Increment(ref _jobs)}";
        SendRaw(queue, Encoding.UTF8.GetBytes(body), Properties(id));
        return id;
    }

    /// <summary>The properties that the FSM sets.</summary>
    public Dictionary<string, object?> Properties(string correlationId) =>
        new() { ["correlation_id"] = correlationId, ["reply_to"] = ReplyTo };

    /// <summary>Sends any body with exactly the given properties.</summary>
    public void SendRaw(
        string queue, byte[] body, Dictionary<string, object?> properties, string exchange = "re",
        string prefix = "worker.") =>
        _requester.Post("send", new
        {
            session = _name,
            exchange,
            key = prefix + queue,
            body = Convert.ToBase64String(body),
            properties,
        });

    public async Task<ReceivedMessage> NextAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(MaxWait);
        try
        {
            return await _received.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"no further message arrived in {ReplyTo} within {MaxWait.TotalSeconds} s");
        }
    }

    /// <summary>Receives everything up to and including the next terminal reply.</summary>
    public async Task<List<ReceivedMessage>> ReceiveUntilTerminalAsync(CancellationToken cancel)
    {
        var messages = new List<ReceivedMessage>();
        do messages.Add(await NextAsync(cancel));
        while (!messages[^1].IsTerminal);
        return messages;
    }

    /// <summary>Sends a job and receives everything up to its terminal reply.</summary>
    public Task<List<ReceivedMessage>> RunAsync(string queue, string body, CancellationToken cancel)
    {
        Send(queue, body);
        return ReceiveUntilTerminalAsync(cancel);
    }

    /// <summary>Receives what is left. Call it after the worker has stopped, so that nothing more can arrive.</summary>
    public async Task<List<ReceivedMessage>> DrainAsync()
    {
        // two round trips: the broker delivers what it already has for this connection before it answers
        for (var i = 0; i < 2; i++) await _requester.CallAsync("count", new { name = ReplyTo });
        var rest = new List<ReceivedMessage>();
        while (_received.Reader.TryRead(out var message)) rest.Add(message);
        return rest;
    }

    public async ValueTask DisposeAsync() =>
        await _requester.CallAsync("close", new { session = _name, queue_name = ReplyTo });
}
