using System.Text;

namespace ReWorker.Deliveries;

/// <summary>How a delivery is settled with the broker.</summary>
internal enum Settlement
{
    Ack,              // the broker drops the message
    RequeueUncounted, // another worker may run the job; no attempt is counted
    RequeueCounted,   // requeued as a failed attempt, which the broker counts
    DeadLetter,       // rejected for good: the runtime moves the job to the dead-letter queue
}

/// <summary>Where deliveries come from and are settled: a consumer of one epoch.</summary>
internal interface IDeliverySource
{
    IChannel? Channel { get; }

    /// <summary>False once the epoch has ended. The broker then redelivers what was not settled.</summary>
    bool IsAlive { get; }

    void Settle(Delivery delivery, Settlement settlement);
    /// <summary>Waits until everything settled so far has been written to the connection.</summary>
    Task FlushAsync(CancellationToken cancel);
}

/// <summary>One message as the broker delivered it.</summary>
internal sealed class Delivery(
    IDeliverySource source, DeliveryInfo info, IReadOnlyBasicProperties properties, byte[] body)
{
    public IDeliverySource Source => source;
    public DeliveryInfo Info => info;
    public IReadOnlyBasicProperties Properties => properties;
    public byte[] Body { get; private set; } = body; // a copy of the client's buffer
    public UInt128 Key { get; } = MessageKey.Compute(properties, body);
    public int PriorAttempts { get; } = DeliveryCount.PriorAttempts(properties, info.Redelivered);
    public InFlightJob? Job { get; set; } // the job that this delivery settles

    /// <summary>A header that is text; null if it is missing or something else.</summary>
    public string? ReadText(string header) => Properties.Headers?.TryGetValue(header, out var value) is true
        ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
        : null;

    public void Settle(Settlement settlement) => Source.Settle(this, settlement);

    /// <summary>Frees the body once the job has ended, since the ledger keeps the job longer.</summary>
    public void DropBody() => Body = [];
}
