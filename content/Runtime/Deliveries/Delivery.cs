using RabbitMQ.Client;

namespace ReWorker.Deliveries;

/// <summary>How a delivery is given back to the broker.</summary>
internal enum Settlement
{
    /// <summary>Done with: the broker forgets the message.</summary>
    Ack,

    /// <summary>Handed back unharmed, to run elsewhere.</summary>
    RequeueUncounted,

    /// <summary>Handed back as a failure, to run again: the broker counts it.</summary>
    RequeueCounted,

    /// <summary>Refused for good: it is put into the dead-letter queue.</summary>
    DeadLetter,
}

/// <summary>Where deliveries come from and are settled: a consumer of one epoch.</summary>
internal interface IDeliverySource
{
    /// <summary>False once its epoch has ended: the broker will deliver again what is not settled.</summary>
    bool IsAlive { get; }

    IChannel? Channel { get; }

    void Settle(Delivery delivery, Settlement how);

    /// <summary>Waits until what was settled so far is on its way to the broker.</summary>
    Task FlushAsync(CancellationToken cancel);
}

/// <summary>One message as it came from the broker.</summary>
internal sealed class Delivery(IDeliverySource source, DeliveryInfo info, IReadOnlyBasicProperties properties, byte[] body)
{
    public IDeliverySource Source => source;

    public DeliveryInfo Info => info;

    public IReadOnlyBasicProperties Properties => properties;

    /// <summary>A copy of its own; empty once the job has ended, since the ledger remembers it for a while.</summary>
    public byte[] Body { get; private set; } = body;

    /// <summary>The same for each delivery of one message, as far as can be told from outside.</summary>
    public UInt128 Key { get; } = MessageKey.Compute(properties, body);

    /// <summary>How often the broker says that it was delivered and failed before.</summary>
    public int EarlierAttempts { get; } = DeliveryCount.PriorAttempts(properties, info.Redelivered);

    /// <summary>The job in hand that it settles.</summary>
    public InFlightJob? Job { get; set; }

    public void Settle(Settlement how) => Source.Settle(this, how);

    public void DropBody() => Body = [];
}
