using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;

namespace ReWorker.Testing;

/// <summary>A broker for one delivery. It takes and confirms each message at once.</summary>
internal sealed class MemoryBus : IPublisher, IDeliverySource
{
    public const string ReplyTo = "harness.replies";

    private readonly Lock _gate = new();
    private readonly List<HarnessMessage> _messages = [];
    private Settlement? _settlement;

    public bool IsAlive => true;

    public IChannel? Channel => null;

    public void Enqueue(PendingMessage message)
    {
        var body = ParseBody(message.Body);
        lock (_gate) _messages.Add(new HarnessMessage(message.Exchange, message.RoutingKey, KindOf(message), body));
        message.Owner.HandleSettled(message);
    }

    public void Resend(PendingMessage message) => throw new NotSupportedException("every message is confirmed at once");

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel) => Task.CompletedTask;

    public void Settle(Delivery delivery, Settlement how) => _settlement = how;

    public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;

    public HarnessResult Result()
    {
        var isRequeued = _settlement is Settlement.RequeueUncounted or Settlement.RequeueCounted;
        lock (_gate) return new HarnessResult([.. _messages], _settlement is Settlement.Ack, isRequeued);
    }

    /// <summary>A parked body may not be JSON: then it is a string.</summary>
    private static JsonElement ParseBody(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(Encoding.UTF8.GetString(body), SimpleJson.Default.String);
        }
    }

    private static HarnessMessageKind KindOf(PendingMessage message) => message.Kind switch
    {
        MessageKind.Status => HarnessMessageKind.Status,
        MessageKind.Output => HarnessMessageKind.Output,
        MessageKind.Notification => HarnessMessageKind.Notification,
        MessageKind.Parked => HarnessMessageKind.Parked,
        _ => HarnessMessageKind.Sent,
    };
}
