namespace ReWorker;

/// <summary>A phase in a job's life, for which a requester can ask to be notified.</summary>
public enum Phase
{
    /// <summary>The job has started.</summary>
    Started,
    /// <summary>The job has completed.</summary>
    Completed,
    /// <summary>The job has failed: it was invalid, it threw, or it exceeded its time limit.</summary>
    Failed,
}
