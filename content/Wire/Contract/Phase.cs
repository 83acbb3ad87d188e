namespace ReWorker;

/// <summary>A moment in a job's life that a requester may want to be notified of.</summary>
public enum Phase
{
    /// <summary>The step's code is about to run.</summary>
    Started,

    /// <summary>The step's code returned.</summary>
    Completed,

    /// <summary>The job was refused, or the step's code threw or ran out of time.</summary>
    Failed,
}
