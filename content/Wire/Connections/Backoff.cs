namespace ReWorker.Wire.Connections;

/// <summary>
/// Pauses between attempts: doubling from a quarter of a second up to a limit, each drawn from the upper half of its
/// length so that a fleet does not return in step. It starts anew only after an epoch that held.
/// </summary>
internal sealed class Backoff(TimeSpan most)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    private int _failures;

    public TimeSpan Next()
    {
        var length = Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(_failures++, 30)), most.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(length * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    public void Reset() => _failures = 0;
}
