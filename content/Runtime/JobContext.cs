using Microsoft.Extensions.Logging;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;

namespace ReWorker;

/// <summary>All that a job reaches besides its content.</summary>
/// <param name="Stop">Tells the step's code to stop; not before it is known why, or what it throws then would pass for its failure.</param>
internal sealed record JobContext(
    JobContent Content, InFlightJob Hand, Ledger Ledger, JobMessages JobMessages, IPublisher Publisher, ILogger Output, CancellationTokenSource Stop, JobJson Json)
{
    private int _notified;

    /// <summary>Notes that the step has sent its own notification for the phase.</summary>
    public void Notified(Phase phase) => Interlocked.Or(ref _notified, 1 << (int)phase);

    public bool HasNotified(Phase phase) => (Volatile.Read(ref _notified) & (1 << (int)phase)) != 0;
}
