namespace ReWorker.Tools.CommandLine;

/// <summary>Counts how many jobs ended in which way, and how long they took.</summary>
internal sealed class Tally
{
    private readonly Lock _gate = new();
    private readonly List<double> _seconds = [];

    public int Completed { get; private set; }
    public int Failed { get; private set; }
    public int NoAnswer { get; private set; }
    public string? FirstFailure { get; private set; }
    public string? FirstNoAnswer { get; private set; }
    public TimeSpan Elapsed { get; set; }

    public int Answered => Completed + Failed;
    public int Ended => Answered + NoAnswer;
    public double JobsPerSecond => Elapsed > TimeSpan.Zero ? Answered / Elapsed.TotalSeconds : 0;
    public int ExitCode => NoAnswer > 0 ? ExitCodes.NoAnswer : Failed > 0 ? ExitCodes.Failed : ExitCodes.Success;

    /// <param name="failure">The reason; null if the job completed.</param>
    public void CountAnswer(string? failure, TimeSpan elapsed)
    {
        lock (_gate)
        {
            if (failure is null) Completed++;
            else Failed++;
            FirstFailure ??= failure;
            _seconds.Add(elapsed.TotalSeconds);
        }
    }

    public void CountNoAnswer(string reason)
    {
        lock (_gate)
        {
            NoAnswer++;
            FirstNoAnswer ??= reason;
        }
    }

    /// <returns>The nearest rank among the answered jobs, in seconds.</returns>
    public double Percentile(double fraction)
    {
        lock (_gate)
        {
            if (_seconds.Count == 0) return 0;
            _seconds.Sort();
            return _seconds[Math.Max(0, (int)Math.Ceiling(fraction * _seconds.Count) - 1)];
        }
    }
}
