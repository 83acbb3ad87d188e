using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Publishing;

namespace ReWorker.Tests.Jobs;

/// <summary>A broker that confirms nothing before it is told to, and whose connection dies when it is told to.</summary>
internal sealed class HeldBus : IPublisher, IDeliverySource
{
    private readonly List<OutboundMessage> _held = [];

    public List<(Delivery Delivery, Settlement How)> Settled { get; } = [];

    public List<string> Statuses { get; } = [];

    public bool IsAlive { get; private set; } = true;

    public IChannel? Channel => null;

    public void Die() => IsAlive = false;

    public void Enqueue(OutboundMessage message)
    {
        lock (_held) _held.Add(message);
        if (message.Kind is MessageKind.Status) Statuses.Add(message.MessageId.Split(':')[^1]);
    }

    public void Confirm()
    {
        OutboundMessage[] held;
        lock (_held) held = [.. _held];
        _held.Clear();
        foreach (var one in held) one.Owner.Settled(one);
    }

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel) => Task.CompletedTask;

    public void Settle(Delivery delivery, Settlement how) => Settled.Add((delivery, how));

    public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;
}
