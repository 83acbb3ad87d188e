using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using ReWorker.Publishing;

namespace ReWorker.Deliveries;

internal enum JobState
{
    /// <summary>Waiting for a free slot.</summary>
    Waiting,

    /// <summary>Its delivery died before it started. It starts when the broker delivers it again.</summary>
    AwaitingRedelivery,

    /// <summary>The step's code is running.</summary>
    Running,

    /// <summary>The step's code has returned; the job has not yet been answered and settled.</summary>
    Ending,

    /// <summary>Answered and settled, as far as this process can tell.</summary>
    Ended,
}

/// <summary>
/// A job that this process has taken. It outlives its delivery: after a reconnect, the broker delivers the message
/// again, and the job goes on with the new delivery.
/// </summary>
internal sealed class InFlightJob(Delivery delivery)
{
    private readonly Lock _gate = new();
    private int _notifiedPhases;

    public UInt128 Key { get; } = delivery.Key;

    /// <summary>Counted from 1. A redelivery to a process that still has the job is not a new attempt.</summary>
    public int Attempt { get; } = delivery.PriorAttempts + 1;

    /// <summary>True if the broker delivered the job before to a process that did not finish it.</summary>
    public bool WasRedelivered { get; } = delivery.Info.Redelivered;

    /// <summary>The newest delivery, which is the one to settle.</summary>
    public Delivery Delivery { get; private set; } = delivery;

    public string? CorrelationId => Delivery.Properties.CorrelationId;

    public JobState State { get; private set; }

    /// <summary>How the job was settled; null while it is open.</summary>
    public Settlement? Settlement { get; private set; }

    /// <summary>Everything that the job sends. Set when the job starts.</summary>
    public JobMessages Messages { get; set; } = null!;

    /// <summary>The job's span, if anybody listens.</summary>
    public Activity? Trace { get; set; }

    /// <summary>The step's log for users. Set when the job starts.</summary>
    public ILogger Output { get; set; } = NullLogger.Instance;

    /// <summary>The parsed body; null if it could not be read.</summary>
    public JobContent? Content { get; set; }

    /// <summary>Cancels the step's code. Never disposed of: code that ignores it may look at its token later.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>How many sweeps have found the job with a dead delivery.</summary>
    public int StaleSweeps { get; private set; }

    /// <summary>Another job with the same key: a requester may send the same message twice.</summary>
    public InFlightJob? Next { get; set; }

    /// <summary>False if the delivery died while the job waited: the broker redelivers it, here or elsewhere.</summary>
    public bool TryStart()
    {
        lock (_gate)
        {
            if (State is not JobState.Waiting) return false;
            State = Delivery.Source.IsAlive ? JobState.Running : JobState.AwaitingRedelivery;
            return State is JobState.Running;
        }
    }

    /// <summary>Settles the job while the step's code runs. False if it is already settled, or if the code has ended.</summary>
    public bool TrySettle(Settlement settlement)
    {
        lock (_gate)
        {
            if (Settlement is not null || State is not JobState.Running) return false;
            Settle(settlement);
            return true;
        }
    }

    /// <summary>The step's code has ended: from now on only the runtime settles the job.</summary>
    public void MarkEnding()
    {
        lock (_gate) State = JobState.Ending;
    }

    /// <summary>Ends the job, and settles it unless the step has done so.</summary>
    public void Complete(Settlement settlement)
    {
        lock (_gate)
        {
            State = JobState.Ended;
            Delivery.DropBody();
            if (Settlement is null or Deliveries.Settlement.DeadLetter) Settle(settlement);
        }
    }

    /// <summary>The job could not be ended; it runs again when the broker redelivers it.</summary>
    public void MarkLost()
    {
        lock (_gate)
        {
            State = JobState.AwaitingRedelivery;
            if (Settlement is Deliveries.Settlement.DeadLetter) Settlement = null;
        }
    }

    /// <summary>Continues with a new delivery of the same message. Returns the state in which it found the job.</summary>
    public JobState Adopt(Delivery delivery)
    {
        lock (_gate)
        {
            var found = State;
            (Delivery, StaleSweeps, delivery.Job) = (delivery, 0, this);
            if (found is JobState.Ended) delivery.DropBody();
            if (found is JobState.AwaitingRedelivery) State = JobState.Waiting;
            if (Settlement is { } settlement and not Deliveries.Settlement.DeadLetter) delivery.Settle(settlement);
            return found;
        }
    }

    /// <summary>Takes the job back from the queue of waiting jobs. False if it has started or its delivery is dead.</summary>
    public bool TryWithdraw()
    {
        lock (_gate)
        {
            if (State is not JobState.Waiting || !Delivery.Source.IsAlive) return false;
            State = JobState.AwaitingRedelivery;
            return true;
        }
    }

    /// <summary>Counts one more sweep over a job whose delivery is dead. True once there were too many.</summary>
    public bool SweepIfStale(int maxSweeps)
    {
        lock (_gate)
        {
            var isStale = State is JobState.Waiting or JobState.AwaitingRedelivery or JobState.Ended
                && !Delivery.Source.IsAlive;
            if (!isStale) return false;
            // a redelivery brings a body of its own
            Delivery.DropBody();
            if (++StaleSweeps <= maxSweeps) return false;
            if (State is JobState.Waiting) State = JobState.AwaitingRedelivery;
            return true;
        }
    }

    /// <summary>
    /// How well the job fits a redelivery of its message; null if it cannot be the one. Of equal messages, the one
    /// that still has to run comes first, so that none is mistaken for one that has ended.
    /// </summary>
    public int? RedeliveryRank()
    {
        lock (_gate)
        {
            if (Delivery.Source.IsAlive) return null;
            if (Settlement is Deliveries.Settlement.RequeueUncounted or Deliveries.Settlement.RequeueCounted) return null;
            return State switch
            {
                JobState.AwaitingRedelivery => 0,
                JobState.Waiting => 1,
                JobState.Ended => 4,
                _ => Settlement is null ? 2 : 3,
            };
        }
    }

    /// <summary>Notes that the step has sent its own notification for the phase.</summary>
    public void MarkNotified(Phase phase) => Interlocked.Or(ref _notifiedPhases, 1 << (int)phase);

    public bool HasNotified(Phase phase) => (Volatile.Read(ref _notifiedPhases) & (1 << (int)phase)) != 0;

    private void Settle(Settlement settlement)
    {
        Settlement = settlement;
        // a dead-lettered job is parked at its end and acknowledged then; a dead delivery is settled when it comes again
        if (settlement is not Deliveries.Settlement.DeadLetter && Delivery.Source.IsAlive) Delivery.Settle(settlement);
    }
}
