using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ReWorker.Deliveries;

/// <summary>What a delivery means to a process that may have seen its message before; the metric's <c>kind</c>.</summary>
internal enum DeliveryKind
{
    Fresh,
    Redelivered,

    /// <summary>Its job is in flight here: the job goes on and settles this delivery at its end.</summary>
    Adopted,

    /// <summary>Its job has ended here: only the settlement was lost.</summary>
    Duplicate,
}

/// <summary>
/// The jobs in flight, by message key. After a reconnect, the broker redelivers everything that was not settled; the
/// ledger tells what is still running here, what has ended here, and what never started.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, InFlightJob> _jobs = [];

    /// <summary>Registers a delivery. True if its job has to be queued for a slot.</summary>
    public bool Register(Delivery delivery, out DeliveryKind kind)
    {
        lock (_gate)
        {
            if (delivery.Info.Redelivered && FindJobOf(delivery) is { } known)
            {
                var found = known.Adopt(delivery);
                kind = found is JobState.Ended ? DeliveryKind.Duplicate : DeliveryKind.Adopted;
                return found is JobState.AwaitingRedelivery;
            }
            Add(delivery.Job = new InFlightJob(delivery));
            kind = delivery.Info.Redelivered ? DeliveryKind.Redelivered : DeliveryKind.Fresh;
            return true;
        }
    }

    /// <summary>Forgets a job whose message cannot be delivered again.</summary>
    public void Remove(InFlightJob job)
    {
        lock (_gate)
        {
            // an early settlement may be proven, and the job removed, while the job still runs
            ref var head = ref CollectionsMarshal.GetValueRefOrNullRef(_jobs, job.Key);
            if (Unsafe.IsNullRef(ref head)) return;
            if (head != job)
            {
                var previous = head;
                while (previous.Next is { } next && next != job) previous = next;
                if (previous.Next == job) previous.Next = job.Next;
            }
            else if (job.Next is { } next) head = next;
            else _jobs.Remove(job.Key);
        }
    }

    /// <summary>Takes every job that has not started, to requeue it.</summary>
    public List<InFlightJob> TakeUnstarted()
    {
        lock (_gate) return [.. All().Where(job => job.TryWithdraw())];
    }

    /// <summary>
    /// Forgets jobs whose message was not redelivered for so many sweeps after a reconnect: it went elsewhere, or its
    /// settlement had reached the broker. Called regularly while connected.
    /// </summary>
    public void RemoveStale(int maxSweeps)
    {
        lock (_gate)
        {
            foreach (var job in All().Where(job => job.SweepIfStale(maxSweeps)).ToList()) Remove(job);
        }
    }

    private InFlightJob? FindJobOf(Delivery delivery)
    {
        InFlightJob? best = null;
        int? bestRank = null;
        for (var job = _jobs.GetValueOrDefault(delivery.Key); job is not null; job = job.Next)
        {
            if (job.RedeliveryRank() is not { } rank || rank >= bestRank) continue;
            (best, bestRank) = (job, rank);
        }
        return best;
    }

    private void Add(InFlightJob job)
    {
        ref var head = ref CollectionsMarshal.GetValueRefOrAddDefault(_jobs, job.Key, out _);
        job.Next = head;
        head = job;
    }

    private IEnumerable<InFlightJob> All()
    {
        foreach (var head in _jobs.Values)
            for (var job = head; job is not null; job = job.Next)
                yield return job;
    }
}
