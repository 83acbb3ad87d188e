namespace ReWorker.Wire.Connections;

/// <summary>The pauses between connection attempts. They double from 250 ms up to a maximum.</summary>
internal sealed class Backoff(TimeSpan max)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private int _failures;

    public TimeSpan Next()
    {
        var length = First * Math.Pow(2, Math.Min(_failures++, 30));
        // Shortened by up to half, at random, so that a fleet of workers does not reconnect at the same moment.
        return (length < max ? length : max) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    /// <summary>Starts again with the shortest pause. Call it only after a connection that lasted.</summary>
    public void Reset() => _failures = 0;
}
