namespace ReWorker.Deliveries;

/// <summary>What a delivery is to a process that may have seen its message before; the metric's <c>kind</c>.</summary>
internal enum DeliveryKind
{
    Fresh,
    Redelivered,
    Adopted,   // its job is in flight here: the job goes on and settles this delivery at its end
    Duplicate, // its job has ended here: only the settlement was lost
}

/// <summary>
/// The jobs in flight, by message key. After a reconnect, the broker redelivers everything that was not settled; the
/// ledger tells what is still running here, what has ended here, and what never started.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, InFlightJob> _jobs = [];

    private IEnumerable<InFlightJob> All => _jobs.Values.SelectMany(EqualJobs);

    /// <summary>Registers a delivery. True if its job has to be queued for a slot.</summary>
    public bool Register(Delivery delivery, out DeliveryKind kind)
    {
        lock (_gate)
        {
            var equal = _jobs.GetValueOrDefault(delivery.Key);
            if (delivery.Info.Redelivered && BestFit(equal) is { } known)
            {
                var found = known.Adopt(delivery);
                kind = found is JobState.Ended ? DeliveryKind.Duplicate : DeliveryKind.Adopted;
                return found is JobState.AwaitingRedelivery;
            }
            _jobs[delivery.Key] = delivery.Job = new InFlightJob(delivery) { Next = equal };
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
            if (!_jobs.TryGetValue(job.Key, out var head)) return;
            if (head != job) Unlink(job, head);
            else if (job.Next is { } next) _jobs[job.Key] = next;
            else _jobs.Remove(job.Key);
        }
    }

    /// <summary>Takes every job that has not started, to requeue it.</summary>
    public List<InFlightJob> TakeUnstarted()
    {
        lock (_gate) return [.. All.Where(job => job.TryWithdraw())];
    }

    /// <summary>Called regularly while connected: forgets jobs that were not redelivered for too long.</summary>
    public void RemoveStale(int maxSweeps)
    {
        lock (_gate)
        {
            foreach (var job in All.Where(job => job.SweepIfStale(maxSweeps)).ToList()) Remove(job);
        }
    }

    private static InFlightJob? BestFit(InFlightJob? head) =>
        EqualJobs(head).Select(job => (Job: job, Rank: job.RedeliveryRank()))
            .Where(fit => fit.Rank is not null).OrderBy(fit => fit.Rank).FirstOrDefault().Job;

    private static IEnumerable<InFlightJob> EqualJobs(InFlightJob? head)
    {
        for (var job = head; job is not null; job = job.Next) yield return job;
    }

    private static void Unlink(InFlightJob job, InFlightJob head)
    {
        foreach (var previous in EqualJobs(head).Where(previous => previous.Next == job)) previous.Next = job.Next;
    }
}
