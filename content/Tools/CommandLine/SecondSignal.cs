using System.Runtime.InteropServices;

namespace ReWorker.Tools.CommandLine;

/// <summary>Who signals twice does not want to wait for running jobs: the process ends at once, and the broker hands its jobs on.</summary>
internal sealed class SecondSignal : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;

    public SecondSignal() =>
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Count), PosixSignalRegistration.Create(PosixSignal.SIGINT, Count)];

    public void Dispose() => Array.ForEach(_registrations, one => one.Dispose());

    private void Count(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1) Environment.Exit(ExitCodes.Interrupted);
    }
}
