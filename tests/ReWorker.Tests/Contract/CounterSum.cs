using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace ReWorker.Tests.Contract;

/// <summary>Sums what a host adds to one of its counters, or to one label's value, from now on.</summary>
internal sealed class CounterSum : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _value;

    public CounterSum(IServiceProvider services, string name, (string Key, string Value)? label = null)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope == factory)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (label is null || tags.ToArray().Any(tag => (tag.Key, tag.Value as string) == label))
                Interlocked.Add(ref _value, value);
        });
        _listener.Start();
    }

    public long Value => Interlocked.Read(ref _value);

    public void Dispose() => _listener.Dispose();
}
