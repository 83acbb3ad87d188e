using System.Runtime.InteropServices;

namespace ReWorker.Deliveries;

/// <summary>What a delivery means to a process that may have seen its message before; the metric's <c>kind</c>.</summary>
internal enum DeliveryKind
{
    Fresh,
    Redelivered,

    /// <summary>Its job is in hand here: the job goes on, and settles this delivery at its end.</summary>
    Adopted,

    /// <summary>Its job ended here: only the settlement was lost.</summary>
    Duplicate,
}

/// <summary>
/// The jobs in hand. After a reconnect the broker delivers again what was not settled; the ledger tells what still runs
/// here, what ended here, and what never began.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, InFlightJob> _jobs = [];

    /// <summary>Takes a delivery; true if its job is to be put into the queue of those to run.</summary>
    public bool Register(Delivery delivery, out DeliveryKind kind)
    {
        lock (_gate)
        {
            var known = delivery.Info.Redelivered ? Match(delivery.Key) : null;
            if (known is null)
            {
                delivery.Job = Add(new InFlightJob(delivery));
                kind = delivery.Info.Redelivered ? DeliveryKind.Redelivered : DeliveryKind.Fresh;
                return true;
            }

            delivery.Job = known;
            (known.Delivery, known.Sweeps) = (delivery, 0);
            kind = known.State is JobState.Ended ? DeliveryKind.Duplicate : DeliveryKind.Adopted;
            if (known.State is JobState.Ended) delivery.DropBody();
            if (known.Settlement is { } how and not Settlement.DeadLetter) delivery.Settle(how);
            if (known.State is not JobState.AwaitingRedelivery) return false;
            known.State = JobState.Waiting;
            return true;
        }
    }

    /// <summary>False if the job's delivery died while it waited: the broker will deliver it again, here or elsewhere.</summary>
    public bool TryStart(InFlightJob job)
    {
        lock (_gate)
        {
            if (job.State is not JobState.Waiting) return false;
            job.State = job.Delivery.Source.IsAlive ? JobState.Running : JobState.AwaitingRedelivery;
            return job.State is JobState.Running;
        }
    }

    /// <summary>Settles a job before the end of its code; false if it is settled already, or too late.</summary>
    public bool TrySettle(InFlightJob job, Settlement how)
    {
        lock (_gate)
        {
            if (job.Settlement is not null || job.State is not JobState.Running) return false;
            Settle(job, how);
            return true;
        }
    }

    /// <summary>The code is over: from here on the job is the runtime's to settle. What has been answered must not run again.</summary>
    public void MarkEnding(InFlightJob job)
    {
        lock (_gate) job.State = JobState.Ending;
    }

    /// <summary>The job is over: settles it unless the step has done so.</summary>
    public void Complete(InFlightJob job, Settlement how)
    {
        lock (_gate)
        {
            job.State = JobState.Ended;
            job.Delivery.DropBody();
            if (job.Settlement is null or Settlement.DeadLetter) Settle(job, how);
        }
    }

    /// <summary>The job could not be ended: when it is delivered again, it runs again.</summary>
    public void MarkLost(InFlightJob job)
    {
        lock (_gate)
        {
            job.State = JobState.AwaitingRedelivery;
            if (job.Settlement is Settlement.DeadLetter) job.Settlement = null;
        }
    }

    public void Remove(InFlightJob job)
    {
        lock (_gate)
        {
            // an early settlement is proven while the job still runs: it may need nothing of the ledger any more
            ref var head = ref CollectionsMarshal.GetValueRefOrNullRef(_jobs, job.Key);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref head)) return;
            if (head == job)
            {
                if (job.Next is { } next) head = next;
                else _jobs.Remove(job.Key);
                return;
            }
            for (var each = head; each.Next is not null; each = each.Next)
            {
                if (each.Next != job) continue;
                each.Next = job.Next;
                return;
            }
        }
    }

    /// <summary>Takes every job that has not begun.</summary>
    public List<InFlightJob> TakeUnstarted()
    {
        lock (_gate)
        {
            var waiting = All().Where(job => job.State is JobState.Waiting && job.Delivery.Source.IsAlive).ToList();
            foreach (var job in waiting) job.State = JobState.AwaitingRedelivery;
            return waiting;
        }
    }

    /// <summary>
    /// Called now and then while connected. What is not delivered again soon after a reconnect went elsewhere, or its
    /// settlement had arrived after all. What waits for a slot goes the same way: while all are busy, nobody else would notice.
    /// </summary>
    public void RemoveStale(int most)
    {
        lock (_gate)
        {
            var idle = All().Where(job => job.State is JobState.AwaitingRedelivery or JobState.Waiting or JobState.Ended && !job.Delivery.Source.IsAlive);
            foreach (var job in idle.ToList())
            {
                // it comes again with another, or not at all
                job.Delivery.DropBody();
                if (++job.Sweeps <= most) continue;
                if (job.State is JobState.Waiting) job.State = JobState.AwaitingRedelivery;
                Remove(job);
            }
        }
    }

    private static void Settle(InFlightJob job, Settlement how)
    {
        job.Settlement = how;
        // a discarded job is parked at its end, and acknowledged only then; a dead delivery is settled when it comes again
        if (how is not Settlement.DeadLetter && job.Delivery.Source.IsAlive) job.Delivery.Settle(how);
    }

    /// <summary>Same bytes, same requester: the one that must still run comes first, so that none is taken for ended that is not.</summary>
    private InFlightJob? Match(UInt128 key)
    {
        InFlightJob? best = null;
        for (var job = _jobs.GetValueOrDefault(key); job is not null; job = job.Next)
        {
            if (job.Delivery.Source.IsAlive || job.Settlement is Settlement.RequeueUncounted or Settlement.RequeueCounted) continue;
            if (best is null || Rank(job) < Rank(best)) best = job;
        }
        return best;

        static int Rank(InFlightJob job) => job.State switch { JobState.AwaitingRedelivery => 0, JobState.Waiting => 1, JobState.Ended => 4, _ => job.Settlement is null ? 2 : 3 };
    }

    private InFlightJob Add(InFlightJob job)
    {
        ref var head = ref CollectionsMarshal.GetValueRefOrAddDefault(_jobs, job.Key, out _);
        job.Next = head;
        return head = job;
    }

    private IEnumerable<InFlightJob> All()
    {
        foreach (var head in _jobs.Values)
            for (var job = head; job is not null; job = job.Next)
                yield return job;
    }
}
