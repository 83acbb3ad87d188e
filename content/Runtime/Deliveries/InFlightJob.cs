using Microsoft.Extensions.Logging.Abstractions;

namespace ReWorker.Deliveries;

internal enum JobState
{
    Waiting,            // for a free slot
    AwaitingRedelivery, // its delivery died before it started: it starts when the broker redelivers it
    Running,            // the step's code is running
    Ending,             // the step's code has ended; the job is not yet answered and settled
    Ended,              // answered and settled, as far as this process can tell
}

/// <summary>
/// A job that this process has taken. It outlives its delivery: after a reconnect, the broker redelivers the message,
/// and the job goes on with the new delivery.
/// </summary>
internal sealed class InFlightJob(Delivery delivery)
{
    private readonly Lock _gate = new();
    private int _notifiedPhases; // a bit for each
    private int _staleSweeps;

    public UInt128 Key => Delivery.Key;
    public string? CorrelationId => Delivery.Properties.CorrelationId;
    public int Attempt { get; } = delivery.PriorAttempts + 1;         // from 1; an adopted redelivery is no new attempt
    public bool WasRedelivered { get; } = delivery.Info.Redelivered;  // a process that had the job did not finish it
    public Delivery Delivery { get; private set; } = delivery;        // the newest, which is the one to settle
    public JobState State { get; private set; }
    public Settlement? Settled { get; private set; }                  // null while the job is open
    public JobMessages Messages { get; set; } = null!;                // set when the job starts
    public ILogger Output { get; set; } = NullLogger.Instance;        // the step's log for users
    public Activity? Trace { get; set; }                              // null if nobody listens
    public JobContent? Content { get; set; }                          // null if the body could not be read
    public InFlightJob? Next { get; set; }                            // an equal job: a requester may send twice

    // cancels the step's code; never disposed of, because code that ignores it may look at its token later
    public CancellationTokenSource Cancellation { get; } = new();

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

    /// <summary>Takes the job out of the queue for slots. False if it has started or its delivery is dead.</summary>
    public bool TryWithdraw()
    {
        lock (_gate)
        {
            if (State is not JobState.Waiting || !Delivery.Source.IsAlive) return false;
            State = JobState.AwaitingRedelivery;
            return true;
        }
    }

    /// <summary>Settles the job while its code runs. False if it is already settled or the code has ended.</summary>
    public bool TrySettle(Settlement settlement)
    {
        lock (_gate)
        {
            if (Settled is not null || State is not JobState.Running) return false;
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
            if (Settled is null or Settlement.DeadLetter) Settle(settlement);
        }
    }

    /// <summary>The job could not be ended; it runs again when the broker redelivers it.</summary>
    public void MarkLost()
    {
        lock (_gate)
        {
            State = JobState.AwaitingRedelivery;
            if (Settled is Settlement.DeadLetter) Settled = null;
        }
    }

    /// <summary>Continues with a new delivery of the message. Returns the state in which it found the job.</summary>
    public JobState Adopt(Delivery delivery)
    {
        lock (_gate)
        {
            var found = State;
            (Delivery, _staleSweeps, delivery.Job) = (delivery, 0, this);
            if (found is JobState.Ended) delivery.DropBody();
            if (found is JobState.AwaitingRedelivery) State = JobState.Waiting;
            if (Settled is { } settlement and not Settlement.DeadLetter) delivery.Settle(settlement);
            return found;
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
            Delivery.DropBody(); // a redelivery brings its own
            if (++_staleSweeps <= maxSweeps) return false;
            if (State is JobState.Waiting) State = JobState.AwaitingRedelivery;
            return true;
        }
    }

    /// <summary>How well the job fits a redelivery: 0 best, null not at all. What has to run comes first.</summary>
    public int? RedeliveryRank()
    {
        lock (_gate)
        {
            return State switch
            {
                _ when Delivery.Source.IsAlive => null,
                _ when Settled is Settlement.RequeueUncounted or Settlement.RequeueCounted => null,
                JobState.AwaitingRedelivery => 0,
                JobState.Waiting => 1,
                JobState.Ended => 4,
                _ => Settled is null ? 2 : 3,
            };
        }
    }

    /// <summary>Notes that the step has sent its own notification for the phase.</summary>
    public void MarkNotified(Phase phase) => Interlocked.Or(ref _notifiedPhases, 1 << (int)phase);
    public bool HasNotified(Phase phase) => (Volatile.Read(ref _notifiedPhases) & (1 << (int)phase)) != 0;

    private void Settle(Settlement settlement)
    {
        Settled = settlement;
        // a dead-lettered job is parked and acknowledged at its end; a dead delivery is settled when it comes again
        if (settlement is not Settlement.DeadLetter && Delivery.Source.IsAlive) Delivery.Settle(settlement);
    }
}
