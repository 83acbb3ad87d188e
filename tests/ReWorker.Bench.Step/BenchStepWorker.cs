using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace ReWorker.Bench.Step;

/// <summary>The number of output lines and the length of the sleep.</summary>
public sealed class BenchStepParameters
{
    public int Lines { get; set; }

    public string Service { get; set; } = "frobd";

    public double Seconds { get; set; }
}

/// <summary>Does as little as a step can, so that the benchmark measures the runtime.</summary>
public sealed class BenchStepWorker(TimeProvider time) : Worker<BenchStepParameters>
{
    protected override IReadOnlyList<string> Dynamic => ["environment"];

    protected override async Task<object?> ProcessAsync(Job<BenchStepParameters> job, CancellationToken cancel)
    {
        var parameters = job.Parameters;
        for (var line = 0; line < parameters.Lines; line++)
            job.Output.LogInformation("Frobbing {Service} on host {Number}", parameters.Service, line);
        if (parameters.Seconds > 0) await Task.Delay(TimeSpan.FromSeconds(parameters.Seconds), time, cancel);
        return null;
    }
}

[JsonSerializable(typeof(BenchStepParameters))]
internal sealed partial class BenchStepJson : JsonSerializerContext;
