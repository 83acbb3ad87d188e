using System.Diagnostics.Metrics;

namespace ReWorker.Tests.Messages;

/// <summary>What is added to one counter of a meter factory, as <c>value tag=value tag=value</c>.</summary>
internal sealed class Measured : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<string> _all = [];

    public Measured(IMeterFactory factory, string name)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope == factory)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            var text = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}").Prepend($"{value}"));
            lock (_all) _all.Add(text);
        });
        _listener.Start();
    }

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_all) return [.. _all];
        }
    }

    public void Dispose() => _listener.Dispose();
}
