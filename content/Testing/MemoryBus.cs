using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;

namespace ReWorker.Testing;

/// <summary>A broker of one delivery: takes and confirms everything at once, in order.</summary>
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
        lock (_gate) _messages.Add(new HarnessMessage(message.Exchange, message.RoutingKey, Kind(message), Read(message.Body)));
        message.Owner.Settled(message);
    }

    public void Again(PendingMessage message) => throw new NotSupportedException("nothing is refused here");

    public Task CheckExchangeAsync(string exchange, CancellationToken cancel) => Task.CompletedTask;

    public void Settle(Delivery delivery, Settlement how) => _settlement = how;

    public Task FlushAsync(CancellationToken cancel) => Task.CompletedTask;

    public HarnessResult Result()
    {
        lock (_gate) return new HarnessResult([.. _messages], _settlement is Settlement.Ack, _settlement is Settlement.RequeueUncounted or Settlement.RequeueCounted);
    }

    /// <summary>A parked body may be anything: what is no JSON is shown as a text.</summary>
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

    private static HarnessMessageKind Kind(PendingMessage message) => message.Kind switch
    {
        MessageKind.Status => HarnessMessageKind.Status,
        MessageKind.Output => HarnessMessageKind.Output,
        MessageKind.Notification => HarnessMessageKind.Notification,
        MessageKind.Parked => HarnessMessageKind.Parked,
        _ => HarnessMessageKind.Sent,
    };
}
