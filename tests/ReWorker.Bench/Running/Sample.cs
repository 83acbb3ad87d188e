namespace ReWorker.Bench.Running;

/// <summary>A worker's figures in a round: CPU in seconds per 1,000 jobs, latency in ms, memory in bytes.</summary>
internal sealed record Sample(int Round, string Worker)
{
    /// <summary>Jobs per second without output.</summary>
    public double NoOutput { get; init; }

    /// <summary>Jobs per second with three lines of output each.</summary>
    public double WithOutput { get; init; }
    public double P50 { get; init; }
    public double P99 { get; init; }
    public double Cpu { get; init; }
    public double CpuWithOutput { get; init; }
    public double? BrokerCpu { get; init; }
    public double? BrokerCpuWithOutput { get; init; }

    /// <summary>The CPU time of the load, which shares the machine.</summary>
    public double LoadCpu { get; init; }
    public double Allocated { get; init; }
    public double AllocatedWithOutput { get; init; }

    /// <summary>The resident memory after the warm-up, which has at least 20,000 jobs.</summary>
    public long Warm { get; init; }
    public long Resident { get; init; }
    public long Peak { get; init; }

    /// <summary>The milliseconds from the start of a process to its first job's <c>completed</c>.</summary>
    public double Start { get; init; }
}
