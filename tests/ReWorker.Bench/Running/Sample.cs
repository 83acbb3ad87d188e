namespace ReWorker.Bench.Running;

/// <summary>What one worker did in one round. CPU in seconds per 1,000 jobs, latency in milliseconds, memory in bytes.</summary>
internal sealed record Sample(int Round, string Worker)
{
    /// <summary>Jobs a second without output, and with three lines a job.</summary>
    public double Bare { get; init; }
    public double Talking { get; init; }
    public double P50 { get; init; }
    public double P99 { get; init; }
    public double Cpu { get; init; }
    public double CpuTalking { get; init; }
    public double? BrokerCpu { get; init; }
    public double? BrokerCpuTalking { get; init; }

    /// <summary>What the load itself took: it shares the machine.</summary>
    public double LoadCpu { get; init; }
    public double Allocated { get; init; }
    public double AllocatedTalking { get; init; }

    /// <summary>The process's resident memory when it was warm, after at least 20,000 jobs.</summary>
    public long Warm { get; init; }
    public long Resident { get; init; }
    public long Peak { get; init; }

    /// <summary>Milliseconds from the start of the process to its first job's <c>completed</c>.</summary>
    public double Start { get; init; }
}
