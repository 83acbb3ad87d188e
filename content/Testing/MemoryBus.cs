using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;

namespace ReWorker.Testing;

/// <summary>A broker with one delivery. It takes and confirms everything at once, in order.</summary>
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
        var sent = new HarnessMessage(message.Exchange, message.RoutingKey, KindOf(message), Read(message.Body));
        lock (_gate) _messages.Add(sent);
        message.Owner.HandleSettled(message);
    }

    public void Resend(PendingMessage message) => throw new NotSupportedException("Nothing is nacked here.");

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel) => Task.CompletedTask;

    public void Settle(Delivery delivery, Settlement settlement) => _settlement = settlement;

    public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;

    public HarnessResult Result()
    {
        lock (_gate)
        {
            var isRequeued = _settlement is Settlement.RequeueUncounted or Settlement.RequeueCounted;
            return new HarnessResult([.. _messages], _settlement is Settlement.Ack, isRequeued);
        }
    }

    /// <summary>A parked body may be anything: what is not JSON is shown as a string.</summary>
    private static JsonElement Read(byte[] body)
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
