using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using ReWorker.Wire.Connections;

namespace ReWorker.Tests.Fakes;

/// <summary>Opens fake connections.</summary>
internal sealed class FakeSource(TimeProvider time) : ConnectionSource(new Fixed(), time)
{
    private readonly Lock _gate = new();
    private readonly List<FakeConnection> _connections = [];

    /// <summary>The connections that were opened, in order: two for each epoch, in any order.</summary>
    public IReadOnlyList<FakeConnection> Connections
    {
        get { lock (_gate) return [.. _connections]; }
    }

    /// <summary>The newest connection that consumes.</summary>
    public FakeConnection Consumes => Connections.Last(one => !one.Name.EndsWith(" publishes", StringComparison.Ordinal));

    /// <summary>The newest connection that publishes.</summary>
    public FakeConnection Publishes => Connections.Last(one => one.Name.EndsWith(" publishes", StringComparison.Ordinal));

    /// <summary>What opening a connection waits for.</summary>
    public Task Opening { get; set; } = Task.CompletedTask;

    /// <summary>Called for each connection before it is used. May throw what the client would.</summary>
    public Action<FakeConnection>? OnOpen { get; set; }

    /// <summary>An epoch whose two connections are open, with its channel for publishing.</summary>
    public async Task<Epoch> OpenEpochAsync(TimeProvider time)
    {
        var epoch = new Epoch(time);
        await epoch.ConnectAsync(this, "test consumes", "test publishes", null, CancellationToken.None);
        await epoch.OpenPublishChannelAsync(new CreateChannelOptions(true, false), CancellationToken.None);
        return epoch;
    }

    public override async Task<IConnection> OpenAsync(string name, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await Opening.WaitAsync(cancel);
        var connection = FakeConnection.Create(name);
        OnOpen?.Invoke(connection);
        lock (_gate) _connections.Add(connection);
        return connection.Connection;
    }

    private sealed class Fixed : IOptionsMonitor<BrokerOptions>
    {
        public BrokerOptions CurrentValue { get; } = new();

        public BrokerOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<BrokerOptions, string?> listener) => null;
    }
}
