using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ReWorker.Tests.Supervising;

/// <summary>Everything that the instruments of one meter factory measure.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _sums = [];
    private readonly ConcurrentDictionary<string, double> _gauges = [];
    private readonly ConcurrentQueue<(string Name, double Value)> _recorded = [];

    public Measurements(IMeterFactory factory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope != factory) return;
            Instruments.Add(instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public List<Instrument> Instruments { get; } = [];

    /// <summary>What was recorded with histograms.</summary>
    public IEnumerable<double> Recorded(string name) =>
        _recorded.Where(one => one.Name == name).Select(one => one.Value);

    /// <summary>A counter's sum, as in <c>reworker.reconnects{reason=channel}</c>; null if it was not set.</summary>
    public double? Sum(string name) => _sums.TryGetValue(name, out var sum) ? sum : null;

    /// <summary>Every counter that is not 0, with its labels.</summary>
    public IEnumerable<(string Name, double Value)> Counted =>
        _sums.Where(one => one.Value != 0).Select(one => (one.Key, one.Value)).OrderBy(one => one.Key);

    /// <summary>Every counter that was set, even to 0.</summary>
    public IEnumerable<string> Counters => _sums.Keys.Order(StringComparer.Ordinal);

    /// <summary>A gauge's value now; null if it has none.</summary>
    public double? Gauge(string name)
    {
        _gauges.Clear();
        _listener.RecordObservableInstruments();
        return _gauges.TryGetValue(name, out var value) ? value : null;
    }

    public void Dispose() => _listener.Dispose();

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<string>();
        foreach (var (key, label) in tags) labels.Add($"{key}={label}");
        var name = labels.Count == 0 ? instrument.Name : $"{instrument.Name}{{{string.Join(',', labels)}}}";
        if (instrument.IsObservable) _gauges[name] = value;
        else if (instrument is Histogram<double>) _recorded.Enqueue((name, value));
        else _sums.AddOrUpdate(name, value, (_, sum) => sum + value);
    }
}
