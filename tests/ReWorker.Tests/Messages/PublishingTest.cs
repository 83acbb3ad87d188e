using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Publishing;
using ReWorker.Telemetry;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>Fake connections, virtual time and a job whose messages are recorded.</summary>
public abstract class PublishingTest : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private protected PublishingTest()
    {
        Meters = _services.GetRequiredService<IMeterFactory>();
        Instruments = new Instruments(Meters);
        Source = new FakeSource(Time);
    }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected FakeTimeProvider Time { get; } = new();
    private protected IMeterFactory Meters { get; }
    private protected Instruments Instruments { get; }
    private protected FakeSource Source { get; }

    /// <summary>The channel of the newest epoch that publishes.</summary>
    private protected FakeChannel Channel => Source.Publishes.Channels[0];

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        Instruments.Dispose();
        _services.Dispose();
    }

    private protected Task<Epoch> OpenAsync() => Source.OpenEpochAsync(Time);

    /// <summary>Lets time pass in steps that no timer of the runtime is shorter than.</summary>
    private protected void Pass(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(500);
        for (var left = time; left > TimeSpan.Zero; left -= step) Time.Advance(left < step ? left : step);
    }
}
