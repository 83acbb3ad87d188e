using System.Diagnostics.Metrics;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ReWorker.Deliveries;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Jobs;

namespace ReWorker.Tests.Supervising;

/// <summary>A runner that runs the test's code, with a publisher that confirms when the test says so.</summary>
internal sealed class TestRunner : IDisposable
{
    private static readonly FieldInfo JobsField =
        typeof(Ledger).GetField("_jobs", BindingFlags.NonPublic | BindingFlags.Instance)!;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public TestRunner(
        Func<Job, CancellationToken, Task<object?>>? code = null, WorkerOptions? options = null, Worker? worker = null)
    {
        Meters = _services.GetRequiredService<IMeterFactory>();
        Instruments = new Instruments(Meters);
        worker ??= new FrobWorker(new Frob((_, job, cancel) => code?.Invoke(job, cancel) ?? Nothing));
        Runner = new Runner(new WorkerContext(
            worker, options ?? new WorkerOptions { Queue = "frob" }, Bus, Instruments, TimeProvider.System,
            NullLogger.Instance));
    }

    public IMeterFactory Meters { get; }
    public Instruments Instruments { get; }
    public HeldBus Bus { get; } = new();
    public Runner Runner { get; }

    /// <summary>The jobs that the ledger knows, of equal ones the newest.</summary>
    public IReadOnlyCollection<InFlightJob> Jobs =>
        ((Dictionary<UInt128, InFlightJob>)JobsField.GetValue(Runner.Ledger)!).Values;

    private static Task<object?> Nothing => Task.FromResult<object?>(null);

    public void Dispose()
    {
        Runner.StopAccepting();
        Runner.Dispose();
        Instruments.Dispose();
        _services.Dispose();
    }
}
