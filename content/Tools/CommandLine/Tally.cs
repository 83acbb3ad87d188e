using ReWorker.Client;

namespace ReWorker.Tools.CommandLine;

/// <summary>How many jobs ended in which way, and how long they took.</summary>
internal sealed class Tally
{
    private readonly Lock _gate = new();
    private readonly List<double> _seconds = [];

    public int Completed { get; private set; }
    public int Failed { get; private set; }
    public int NoAnswer { get; private set; }
    public string? FirstFailure { get; private set; }
    public string? FirstSilence { get; private set; }
    public TimeSpan Elapsed { get; set; }

    public int Answered => Completed + Failed;

    public double JobsPerSecond => Elapsed > TimeSpan.Zero ? Answered / Elapsed.TotalSeconds : 0;

    public int ExitCode => NoAnswer > 0 ? ExitCodes.NoAnswer : Failed > 0 ? ExitCodes.Failed : ExitCodes.Done;

    public void Count(JobEvent heard, TimeSpan elapsed)
    {
        lock (_gate)
        {
            if (heard is JobEvent.Completed) Completed++;
            else if (heard is JobEvent.Failed failed)
            {
                Failed++;
                FirstFailure ??= failed.Reason;
            }
            else return;
            _seconds.Add(elapsed.TotalSeconds);
        }
    }

    public void CountSilence(string why)
    {
        lock (_gate)
        {
            NoAnswer++;
            FirstSilence ??= why;
        }
    }

    /// <summary>Nearest rank, in seconds; of the jobs that were answered.</summary>
    public double Percentile(double part)
    {
        lock (_gate)
        {
            if (_seconds.Count == 0) return 0;
            _seconds.Sort();
            return _seconds[Math.Max(0, (int)Math.Ceiling(part * _seconds.Count) - 1)];
        }
    }
}
