namespace ReWorker.Deliveries;

/// <summary>How a delivery is settled with the broker.</summary>
internal enum Settlement
{
    /// <summary>Acknowledged: the broker drops the message.</summary>
    Ack,

    /// <summary>Requeued without counting an attempt; another worker may run the job.</summary>
    RequeueUncounted,

    /// <summary>Requeued as a failed attempt, which the broker counts.</summary>
    RequeueCounted,

    /// <summary>Rejected for good: the job is moved to the dead-letter queue.</summary>
    DeadLetter,
}

/// <summary>Where deliveries come from and are settled: a consumer of one epoch.</summary>
internal interface IDeliverySource
{
    /// <summary>False once the epoch has ended. The broker then redelivers what was not settled.</summary>
    bool IsAlive { get; }

    IChannel? Channel { get; }

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

    /// <summary>A copy of the client's buffer. Empty once the job has ended, since the ledger keeps the job longer.</summary>
    public byte[] Body { get; private set; } = body;

    /// <summary>Equal for every delivery of one message, as far as a consumer can tell.</summary>
    public UInt128 Key { get; } = MessageKey.Compute(properties, body);

    /// <summary>How many earlier attempts failed, by the broker's count or ours.</summary>
    public int PriorAttempts { get; } = DeliveryCount.PriorAttempts(properties, info.Redelivered);

    /// <summary>The job that this delivery settles.</summary>
    public InFlightJob? Job { get; set; }

    public void Settle(Settlement settlement) => Source.Settle(this, settlement);

    public void DropBody() => Body = [];
}
