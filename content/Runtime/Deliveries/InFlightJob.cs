namespace ReWorker.Deliveries;

internal enum JobState
{
    /// <summary>Taken, not begun.</summary>
    Waiting,

    /// <summary>Its delivery died before it began.</summary>
    AwaitingRedelivery,

    /// <summary>The step's code runs.</summary>
    Running,

    /// <summary>The step's code is over; the job is not answered and settled yet.</summary>
    Ending,

    /// <summary>Answered and settled, as far as this process can tell.</summary>
    Ended,
}

/// <summary>A job that this process has taken, across the deliveries that the broker makes of it.</summary>
internal sealed class InFlightJob(Delivery delivery)
{
    public UInt128 Key { get; } = delivery.Key;

    /// <summary>Which attempt this is, counted from 1. Redeliveries of a job in hand are no new attempts.</summary>
    public int Attempt { get; } = delivery.EarlierAttempts + 1;

    /// <summary>The broker delivered it before, to a process that did not finish it.</summary>
    public bool WasInterrupted { get; } = delivery.Info.Redelivered;

    /// <summary>The delivery to settle: after a reconnect, another one than the job came with.</summary>
    public Delivery Delivery { get; set; } = delivery;

    public JobState State { get; set; }

    /// <summary>How the job is settled; null as long as it is open.</summary>
    public Settlement? Settlement { get; set; }

    /// <summary>How many sweeps have found it with a dead delivery.</summary>
    public int Sweeps { get; set; }

    /// <summary>Another job with the same key: requesters may send the same twice.</summary>
    public InFlightJob? Next { get; set; }
}
