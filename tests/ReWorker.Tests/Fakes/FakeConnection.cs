using System.Reflection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace ReWorker.Tests.Fakes;

/// <summary>A connection without a broker. Its channels are fakes too.</summary>
public class FakeConnection : DispatchProxy
{
    private readonly Lock _gate = new();
    private readonly List<FakeCall> _calls = [];
    private readonly List<FakeChannel> _channels = [];
    private AsyncEventHandler<ShutdownEventArgs>? _shutdown;
    private AsyncEventHandler<ConnectionBlockedEventArgs>? _blocked;
    private AsyncEventHandler<AsyncEventArgs>? _unblocked;
    private ShutdownEventArgs? _closeReason;

    public static FakeConnection Create(string name = "")
    {
        var connection = (FakeConnection)(object)Create<IConnection, FakeConnection>();
        connection.Name = name;
        return connection;
    }

    public IConnection Connection => (IConnection)(object)this;
    public string Name { get; private set; } = "";
    public bool IsDisposed { get; private set; }

    public IReadOnlyList<FakeCall> Calls
    {
        get { lock (_gate) return [.. _calls]; }
    }

    /// <summary>The channels that were opened, in order.</summary>
    public IReadOnlyList<FakeChannel> Channels
    {
        get { lock (_gate) return [.. _channels]; }
    }

    /// <summary>Called for each channel before it is used, to set how it answers.</summary>
    public Action<FakeChannel>? OnChannel { get; set; }

    /// <summary>Called for each call: the task that it waits for before it returns; null for none.</summary>
    public Func<FakeCall, Task?>? OnCall { get; set; }

    /// <summary>The connection ends; by default because the broker closes it.</summary>
    public Task CloseAsync(ushort code, string text, ShutdownInitiator initiator = ShutdownInitiator.Peer)
    {
        _closeReason ??= new ShutdownEventArgs(initiator, code, text);
        return _shutdown?.Invoke(this, _closeReason) ?? Task.CompletedTask;
    }

    /// <summary>The connection has ended, and the client has not yet told anybody.</summary>
    public void Break() => _closeReason ??= new ShutdownEventArgs(ShutdownInitiator.Peer, 320, "CONNECTION_FORCED");

    public Task BlockAsync(string reason) =>
        _blocked?.Invoke(this, new ConnectionBlockedEventArgs(reason)) ?? Task.CompletedTask;

    public Task UnblockAsync() => _unblocked?.Invoke(this, new AsyncEventArgs()) ?? Task.CompletedTask;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var (method, arguments) = (targetMethod!, args ?? []);
        switch (method.Name)
        {
            case "add_ConnectionShutdownAsync":
                _shutdown += (AsyncEventHandler<ShutdownEventArgs>)arguments[0]!;
                return null;
            case "add_ConnectionBlockedAsync":
                _blocked += (AsyncEventHandler<ConnectionBlockedEventArgs>)arguments[0]!;
                return null;
            case "add_ConnectionUnblockedAsync":
                _unblocked += (AsyncEventHandler<AsyncEventArgs>)arguments[0]!;
                return null;
            case "get_IsOpen": return _closeReason is null;
            case "get_CloseReason": return _closeReason;
            case "get_ClientProvidedName": return Name;
            case ['a', 'd', 'd', '_', ..] or ['r', 'e', 'm', 'o', 'v', 'e', '_', ..]: return null;
        }
        var call = new FakeCall(method.Name, arguments);
        var channel = method.Name == "CreateChannelAsync" ? FakeChannel.Create() : null;
        lock (_gate)
        {
            _calls.Add(call);
            if (channel is not null) _channels.Add(channel);
        }
        if (channel is not null) OnChannel?.Invoke(channel);
        if (method.Name == "DisposeAsync") IsDisposed = true;
        return FakeCall.Answer(method, OnCall?.Invoke(call), channel?.Channel);
    }
}
