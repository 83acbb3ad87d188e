using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace ReWorker.Bench.Step;

/// <summary>What the load wants: so many lines of output, and so long a sleep.</summary>
public sealed class BenchStepParameters
{
    public int Lines { get; set; }

    public string Service { get; set; } = "frobd";

    public double Seconds { get; set; }
}

/// <summary>The least that a step can do, so that what is measured is the runtime.</summary>
public sealed class BenchStepWorker(TimeProvider time) : Worker<BenchStepParameters>
{
    protected override IReadOnlyList<string> Dynamic => ["environment"];

    protected override async Task<object?> ProcessAsync(Job<BenchStepParameters> job, CancellationToken cancel)
    {
        var wanted = job.Parameters;
        for (var line = 0; line < wanted.Lines; line++) job.Output.LogInformation("Frobbing {Service} on host {Number}", wanted.Service, line);
        if (wanted.Seconds > 0) await Task.Delay(TimeSpan.FromSeconds(wanted.Seconds), time, cancel);
        return null;
    }
}

[JsonSerializable(typeof(BenchStepParameters))]
internal sealed partial class BenchStepJson : JsonSerializerContext;
