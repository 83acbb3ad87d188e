using System.Reflection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace ReWorker.Tests.Fakes;

/// <summary>A message that was published on a fake channel. Sequence numbers start with 1.</summary>
public sealed record FakePublish(
    ulong Number, string Exchange, string RoutingKey, bool Mandatory, IReadOnlyBasicProperties Properties, byte[] Body);

/// <summary>A channel without a broker: it records calls, answers them, and raises what a broker would.</summary>
public class FakeChannel : DispatchProxy
{
    private readonly Lock _gate = new();
    private readonly List<FakeCall> _calls = [];
    private readonly List<FakePublish> _published = [];
    private AsyncEventHandler<BasicAckEventArgs>? _acks;
    private AsyncEventHandler<BasicNackEventArgs>? _nacks;
    private AsyncEventHandler<BasicReturnEventArgs>? _returns;
    private AsyncEventHandler<ShutdownEventArgs>? _shutdown;

    public static FakeChannel Create() => (FakeChannel)(object)Create<IChannel, FakeChannel>();

    public IChannel Channel => (IChannel)(object)this;

    /// <summary>Every call so far, in order, without events and properties.</summary>
    public IReadOnlyList<FakeCall> Calls
    {
        get { lock (_gate) return [.. _calls]; }
    }

    public IReadOnlyList<FakePublish> Published
    {
        get { lock (_gate) return [.. _published]; }
    }

    /// <summary>The consumer that was started on this channel.</summary>
    public IAsyncBasicConsumer? Consumer { get; private set; }

    public ShutdownEventArgs? CloseReason { get; private set; }
    public bool IsDisposed { get; private set; }

    /// <summary>Called for each call: the task that it waits for before it returns; null for none.</summary>
    public Func<FakeCall, Task?>? OnCall { get; set; }

    /// <summary>Called for each call that returns something: its result; null for the default.</summary>
    public Func<FakeCall, object?>? OnResult { get; set; }

    /// <summary>The exception with which the client reports that the broker has closed the channel.</summary>
    public static OperationInterruptedException Refusal(ushort code, string text) =>
        new(new ShutdownEventArgs(ShutdownInitiator.Peer, code, text));

    public Task AckAsync(ulong number, bool multiple = false) =>
        _acks?.Invoke(this, new BasicAckEventArgs(number, multiple)) ?? Task.CompletedTask;

    public Task NackAsync(ulong number, bool multiple = false) =>
        _nacks?.Invoke(this, new BasicNackEventArgs(number, multiple, requeue: false)) ?? Task.CompletedTask;

    /// <summary>The broker has no queue for the message. Its confirm follows, as always.</summary>
    public Task ReturnAsync(FakePublish message) => _returns?.Invoke(this, new BasicReturnEventArgs(
        312, "NO_ROUTE", message.Exchange, message.RoutingKey, message.Properties, message.Body)) ?? Task.CompletedTask;

    /// <summary>The channel ends; by default because the broker closes it.</summary>
    public Task CloseAsync(ushort code, string text, ShutdownInitiator initiator = ShutdownInitiator.Peer)
    {
        CloseReason ??= new ShutdownEventArgs(initiator, code, text);
        return _shutdown?.Invoke(this, CloseReason) ?? Task.CompletedTask;
    }

    /// <summary>Delivers a message to the channel's consumer.</summary>
    public Task DeliverAsync(
        ulong tag, byte[] body, IReadOnlyBasicProperties? properties = null, bool redelivered = false,
        string exchange = "", string routingKey = "") => Consumer!.HandleBasicDeliverAsync(
            "tag", tag, redelivered, exchange, routingKey, properties ?? new BasicProperties(), body);

    /// <summary>Calls of one method, in order.</summary>
    public IEnumerable<object?[]> CallsOf(string method) =>
        Calls.Where(call => call.Method == method).Select(call => call.Arguments);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var (method, arguments) = (targetMethod!, args ?? []);
        switch (method.Name)
        {
            case "add_BasicAcksAsync":
                _acks += (AsyncEventHandler<BasicAckEventArgs>)arguments[0]!;
                return null;
            case "add_BasicNacksAsync":
                _nacks += (AsyncEventHandler<BasicNackEventArgs>)arguments[0]!;
                return null;
            case "add_BasicReturnAsync":
                _returns += (AsyncEventHandler<BasicReturnEventArgs>)arguments[0]!;
                return null;
            case "add_ChannelShutdownAsync":
                _shutdown += (AsyncEventHandler<ShutdownEventArgs>)arguments[0]!;
                return null;
            case "get_CloseReason": return CloseReason;
            case "get_IsOpen": return CloseReason is null;
            case "get_IsClosed": return CloseReason is not null;
            case "get_ChannelNumber": return 1;
            case ['a', 'd', 'd', '_', ..] or ['r', 'e', 'm', 'o', 'v', 'e', '_', ..]: return null;
        }
        var call = new FakeCall(method.Name, arguments);
        Record(call);
        return FakeCall.Answer(method, OnCall?.Invoke(call), OnResult?.Invoke(call) ?? DefaultResult(call));
    }

    private void Record(FakeCall call)
    {
        lock (_gate)
        {
            _calls.Add(call);
            if (call is { Method: "BasicPublishAsync", Arguments: [var to, var key, bool mandatory, _, _, ..] arguments })
            {
                _published.Add(new FakePublish(
                    (ulong)_published.Count + 1, $"{to}", $"{key}", mandatory, (IReadOnlyBasicProperties)arguments[3]!,
                    ((ReadOnlyMemory<byte>)arguments[4]!).ToArray()));
            }
        }
        if (call.Method == "BasicConsumeAsync") Consumer = call.Arguments.OfType<IAsyncBasicConsumer>().Single();
        if (call.Method == "DisposeAsync") IsDisposed = true;
    }

    private static object? DefaultResult(FakeCall call) => call.Method switch
    {
        "QueueDeclareAsync" or "QueueDeclarePassiveAsync" => new QueueDeclareOk((string)call.Arguments[0]!, 0, 1),
        "BasicConsumeAsync" => call.Arguments[2],
        "QueueDeleteAsync" or "MessageCountAsync" or "ConsumerCountAsync" or "QueuePurgeAsync" => 0u,
        _ => null,
    };
}
