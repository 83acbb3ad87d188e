using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Deliveries;
using ReWorker.Publishing;

namespace ReWorker.Tests.Jobs;

/// <summary>A broker that confirms nothing before it is told to, and whose connection dies when it is told to.</summary>
internal sealed class HeldBus : IPublisher, IDeliverySource
{
    private readonly List<PendingMessage> _held = [];
    private bool _isDead;

    public List<(Delivery Delivery, Settlement How)> Settled { get; } = [];

    public List<string> Statuses { get; } = [];

    /// <summary>Called when somebody asks whether the connection lives.</summary>
    public Action? OnLook { get; set; }

    public bool IsAlive
    {
        get
        {
            OnLook?.Invoke();
            return !_isDead;
        }
    }

    public IChannel? Channel => null;

    public void Die() => _isDead = true;

    public void Enqueue(PendingMessage message)
    {
        lock (_held) _held.Add(message);
        if (message.Kind is MessageKind.Status) Statuses.Add(message.MessageId.Split(':')[^1]);
    }

    public void Resend(PendingMessage message)
    {
        lock (_held) _held.Add(message);
    }

    /// <summary>The broker will never take a status.</summary>
    public void GiveUp(string status)
    {
        PendingMessage message;
        lock (_held)
        {
            message = _held.Single(one => one.Kind is MessageKind.Status && one.MessageId.EndsWith($":{status}", StringComparison.Ordinal));
            _held.Remove(message);
        }
        message.Error = new InvalidOperationException("too large");
        message.Owner.HandleSettled(message);
    }

    public void Confirm()
    {
        PendingMessage[] held;
        lock (_held) held = [.. _held];
        _held.Clear();
        foreach (var one in held) one.Owner.HandleSettled(one);
    }

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel) => Task.CompletedTask;

    public void Settle(Delivery delivery, Settlement how) => Settled.Add((delivery, how));

    public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;
}
