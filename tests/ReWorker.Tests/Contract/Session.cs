using System.Text;
using System.Threading.Channels;

namespace ReWorker.Tests.Contract;

/// <summary>One requester's reply queue, and all that came into it. It also hears the output and the notifications of its own jobs.</summary>
public sealed class Session : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly Requester _requester;
    private readonly string _name;
    private readonly Channel<ReceivedMessage> _heard = Channel.CreateUnbounded<ReceivedMessage>();
    private int _jobs;

    private Session(Requester requester, string name, string queue) => (_requester, _name, ReplyTo) = (requester, name, queue);

    /// <summary>The reply queue's name: <c>amq.gen-…</c></summary>
    public string ReplyTo { get; }

    internal static async Task<Session> OpenAsync(Requester requester, params string[] keys)
    {
        var name = Guid.NewGuid().ToString("n");
        var answer = await requester.AskAsync("open", new { session = name, keys });
        var session = new Session(requester, name, answer.GetProperty("queue").GetString()!);
        requester.Attach(name, session._heard.Writer);
        return session;
    }

    /// <summary>Sends a job as the FSM does and returns its correlation id.</summary>
    public string Send(string queue, string body)
    {
        var id = $"{_name}-{Interlocked.Increment(ref _jobs)}";
        SendRaw(queue, Encoding.UTF8.GetBytes(body), new() { ["correlation_id"] = id, ["reply_to"] = ReplyTo });
        return id;
    }

    /// <summary>Sends whatever it is told to, with no property but those given.</summary>
    public void SendRaw(string queue, byte[] body, Dictionary<string, object?> properties, string exchange = "re", string prefix = "worker.") =>
        _requester.Tell("send", new { session = _name, exchange, key = prefix + queue, body = Convert.ToBase64String(body), properties });

    public async Task<ReceivedMessage> NextAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            return await _heard.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"nothing more came into {ReplyTo} within {Patience.TotalSeconds} s");
        }
    }

    /// <summary>Everything up to the next terminal reply.</summary>
    public async Task<List<ReceivedMessage>> ReceiveUntilTerminalAsync(CancellationToken cancel)
    {
        var all = new List<ReceivedMessage>();
        do all.Add(await NextAsync(cancel));
        while (!all[^1].IsTerminal);
        return all;
    }

    /// <summary>Sends a job and returns all that is heard of it.</summary>
    public Task<List<ReceivedMessage>> RunAsync(string queue, string body, CancellationToken cancel)
    {
        Send(queue, body);
        return ReceiveUntilTerminalAsync(cancel);
    }

    /// <summary>What has come and nobody has asked for. Ask when the worker has stopped: then it is all there is.</summary>
    public async Task<List<ReceivedMessage>> DrainAsync()
    {
        // two round trips: what the broker has for this connection comes before its answers
        for (var i = 0; i < 2; i++) await _requester.AskAsync("count", new { name = ReplyTo });
        var rest = new List<ReceivedMessage>();
        while (_heard.Reader.TryRead(out var one)) rest.Add(one);
        return rest;
    }

    public async ValueTask DisposeAsync() => await _requester.AskAsync("close", new { session = _name, queue_name = ReplyTo });
}
