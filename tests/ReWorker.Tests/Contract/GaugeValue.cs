using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace ReWorker.Tests.Contract;

/// <summary>Reads a host's gauge for one value of its label.</summary>
internal sealed class GaugeValue : IDisposable
{
    private readonly MeterListener _listener = new();
    private long? _value;

    public GaugeValue(IServiceProvider services, string name, (string Key, string Value) label)
    {
        var factory = services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope == factory)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags.ToArray().Any(tag => (tag.Key, tag.Value as string) == label)) _value = value;
        });
        _listener.Start();
    }

    /// <summary>Null if the host has set no value.</summary>
    public long? Read()
    {
        _value = null;
        _listener.RecordObservableInstruments();
        return _value;
    }

    public void Dispose() => _listener.Dispose();
}
