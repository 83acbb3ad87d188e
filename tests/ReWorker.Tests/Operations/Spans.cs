using System.Diagnostics;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Tests.Operations;

/// <summary>The runtime's spans of one trace only, because other tests run at the same time.</summary>
internal sealed class Spans : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly List<Activity> _all = [];

    public Spans(ActivityTraceId trace)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Traces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == trace
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId != trace) return;
                lock (_all) _all.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyList<Activity> All
    {
        get
        {
            lock (_all) return [.. _all];
        }
    }

    public IReadOnlyList<Activity> Of(string name) => [.. All.Where(one => one.DisplayName == name)];

    public void Dispose() => _listener.Dispose();
}
