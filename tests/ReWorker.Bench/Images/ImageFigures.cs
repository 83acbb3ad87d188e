using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Report;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Images;

/// <summary>Measures a scaffolded step's image size, idle memory and start time for docs/aot.md.</summary>
internal static class ImageFigures
{
    private const int Starts = 7;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    /// <summary>Long enough for <c>submit</c> to send its job.</summary>
    private static readonly TimeSpan SubmitTime = TimeSpan.FromSeconds(4);

    public static async Task<int> RunAsync(Workspace work)
    {
        if (!await ContainerBroker.HasEngineAsync())
            throw new InvalidOperationException("the figures need a Docker engine");
        var rows = new List<string>();
        foreach (var isNative in new[] { false, true })
        {
            var image = await StepImage.BuildAsync(work, isNative);
            await image.ComposeAsync("up", "--detach", "--wait", StepImage.Service);
            await Task.Delay(Idle);
            var resident = await ResidentAsync(image);
            Console.WriteLine($"Starting it {Starts} times");
            var starts = new List<double?>();
            while (starts.Count < Starts) starts.Add(await StartAsync(image));
            await image.ComposeAsync("down", "--volumes");

            var size = await image.MegabytesAsync();
            var start = Spread.Of(starts)!.Value;
            var took = FormattableString.Invariant($"{start.Median:0} ms ({start.Min:0}, {start.Max:0})");
            var kind = isNative ? "`--aot`" : "ordinary";
            rows.Add(FormattableString.Invariant($"| {kind} | {size:0.0} MB | {resident:0.0} MB | {took} |"));
        }
        Console.WriteLine(
            $"""

            | | image | memory, idle | start to first completed job, median of {Starts} (min, max) |
            | --- | --- | --- | --- |
            {string.Join('\n', rows)}
            """);
        return 0;
    }

    private static async Task<double> ResidentAsync(StepImage image)
    {
        // the worker is a child of the container's init
        var init = int.Parse(await image.InspectAsync("{{.State.Pid}}"), CultureInfo.InvariantCulture);
        var children = await File.ReadAllTextAsync($"/proc/{init}/task/{init}/children");
        var worker = int.Parse(children.Split(' ')[0], CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(worker);
        return process.WorkingSet64 / 1e6;
    }

    /// <summary>The milliseconds from the start of the worker's process to the reply to a waiting job.</summary>
    private static async Task<double> StartAsync(StepImage image)
    {
        await image.ComposeAsync("stop", StepImage.Service);
        using var submit = image.Start("run", "--rm", "-T", "--no-deps", StepImage.Service, "submit",
            "--host", "a.example.com", "--dynamic", "environment=dev", "--timeout", "60s", "--json");
        await Task.Delay(SubmitTime);
        var completed = CompletedAsync(submit.StandardOutput);
        await image.ComposeAsync("start", StepImage.Service);
        var ended = await completed;
        await submit.WaitForExitAsync();
        var started = await image.InspectAsync("{{.State.StartedAt}}");
        return (ended - DateTimeOffset.Parse(started, CultureInfo.InvariantCulture)).TotalMilliseconds;
    }

    private static async Task<DateTimeOffset> CompletedAsync(StreamReader replies)
    {
        while (await replies.ReadLineAsync() is { } line)
            if (line.Contains("completed", StringComparison.Ordinal)) return DateTimeOffset.UtcNow;
        throw new InvalidOperationException("the job did not complete");
    }
}
