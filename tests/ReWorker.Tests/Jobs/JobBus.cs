using System.Text;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Publishing;

namespace ReWorker.Tests.Jobs;

/// <summary>A broker that the test plays. It records what the runtime does with it, in order.</summary>
internal sealed class JobBus : IPublisher, IDeliverySource
{
    private readonly Lock _gate = new();
    private readonly List<PendingMessage> _unconfirmed = [];
    private readonly List<PendingMessage> _messages = [];
    private readonly List<string> _events = [];
    private readonly List<(Delivery Delivery, Settlement Settlement)> _settled = [];

    /// <summary>True if messages stay unconfirmed until <see cref="Confirm"/>.</summary>
    public bool HoldsConfirms { get; set; }

    /// <summary>Says which messages no queue takes.</summary>
    public Func<PendingMessage, bool> IsUnroutable { get; set; } = _ => false;

    /// <summary>Says why a message can never be sent; null if it can.</summary>
    public Func<PendingMessage, Exception?> Rejects { get; set; } = _ => null;

    public bool IsAlive
    {
        get
        {
            OnLook();
            return field;
        }
        set;
    } = true;

    /// <summary>Called when the runtime asks whether the delivery lives.</summary>
    public Action OnLook { get; set; } = () => { };

    /// <summary>Called after each settlement.</summary>
    public Action OnSettled { get; set; } = () => { };

    /// <summary>What a flush waits for.</summary>
    public Task Flushing { get; set; } = Task.CompletedTask;

    public IChannel? Channel { get; set; }

    /// <summary>All messages, in order.</summary>
    public IReadOnlyList<PendingMessage> Messages => Copy(_messages);

    /// <summary>Messages by what they say, settlements and flushes, in order.</summary>
    public IReadOnlyList<string> Events => Copy(_events);

    public IReadOnlyList<(Delivery Delivery, Settlement Settlement)> Settled => Copy(_settled);

    public IReadOnlyList<Settlement> Settlements => [.. Settled.Select(one => one.Settlement)];

    /// <summary>The bodies of the status replies.</summary>
    public IReadOnlyList<string> Replies =>
        [.. Messages.Where(message => message.Kind is MessageKind.Status).Select(TextOf)];

    public static string TextOf(PendingMessage message) => Encoding.UTF8.GetString(message.Body);

    public void Enqueue(PendingMessage message)
    {
        lock (_gate)
        {
            _messages.Add(message);
            _events.Add(message.Kind switch
            {
                MessageKind.Status => message.MessageId.Split(':')[^1],
                MessageKind.Notification => message.RoutingKey,
                var kind => $"{kind}",
            });
            if (HoldsConfirms)
            {
                _unconfirmed.Add(message);
                return;
            }
        }
        Settle(message);
    }

    public void Resend(PendingMessage message) => throw new NotSupportedException("nothing is nacked here");

    /// <summary>Settles every message that is unconfirmed now.</summary>
    public void Confirm()
    {
        List<PendingMessage> unconfirmed;
        lock (_gate)
        {
            unconfirmed = [.. _unconfirmed];
            _unconfirmed.Clear();
        }
        unconfirmed.ForEach(Settle);
    }

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel)
    {
        lock (_gate) _events.Add($"check {exchange}");
        return Task.CompletedTask;
    }

    public void Settle(Delivery delivery, Settlement settlement)
    {
        lock (_gate)
        {
            _settled.Add((delivery, settlement));
            _events.Add($"{settlement}");
        }
        OnSettled();
    }

    public Task FlushAsync(CancellationToken cancel)
    {
        lock (_gate) _events.Add("flush");
        return Flushing.WaitAsync(cancel);
    }

    private void Settle(PendingMessage message)
    {
        message.Unroutable = IsUnroutable(message);
        message.Error = Rejects(message);
        message.Owner.HandleSettled(message);
    }

    private List<T> Copy<T>(List<T> list)
    {
        lock (_gate) return [.. list];
    }
}
