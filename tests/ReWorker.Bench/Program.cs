using System.Runtime.InteropServices;
using System.Text.Json;
using ReWorker.Bench;
using ReWorker.Bench.Images;
using ReWorker.Bench.Report;
using ReWorker.Bench.Running;
using ReWorker.Bench.Scale;
using ReWorker.Bench.Workers;

if (args is ["worker", .. var rest]) return await PeerProcess.RunAsync(rest);
if (args.Contains("--help"))
{
    Console.WriteLine(Options.Usage);
    return 0;
}

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return 64;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await using var work = new Workspace();
    if (options.IsFigures) return await ImageFigures.RunAsync(work).WaitAsync(stop.Token);
    await using var broker = await BenchBroker.OpenAsync(options.Image);
    return await RunAsync(work, broker).WaitAsync(stop.Token);
}
catch (Exception e) when (stop.IsCancellationRequested || e is InvalidOperationException)
{
    // a signal also ends the commands that run here, so any of them may fail
    Console.Error.WriteLine(stop.IsCancellationRequested ? "stopped" : e.Message);
    return stop.IsCancellationRequested ? 130 : 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

async Task<int> RunAsync(Workspace work, BenchBroker broker)
{
    var isFull = !options.IsQuick && !options.IsScale;
    var step = await StepBuild.PublishAsync(work);
    var all = Contestant.All(step, isFull ? await StepBuild.PublishNativeAsync(work) : null);
    if (options.IsScale) return await ScaleRun.RunAsync(options, broker, all.First(worker => worker.IsOurs));

    var images = isFull ? await ImagesAsync(work) : [];
    var workers = all.Where(worker => options.Names.Count == 0 || options.Names.Contains(worker.Name)).ToList();
    List<Sample> samples = options.Record is { } record && File.Exists(record)
        ? [.. File.ReadLines(record).Select(line => JsonSerializer.Deserialize<Sample>(line)!)]
        : [];
    var rounds = new Rounds(options, broker, workers, Console.WriteLine);
    var measured = await rounds.RunAsync(samples.Count == 0 ? 0 : samples.Max(sample => sample.Round) + 1);
    samples.AddRange(measured);
    if (options.Record is { } file)
        await File.AppendAllLinesAsync(file, measured.Select(sample => JsonSerializer.Serialize(sample)));

    foreach (var violation in rounds.Violations) Console.WriteLine($"violated: {violation}");
    if (rounds.Violations.Count > 0) return 1;

    var figures = new Figures(samples);
    Console.WriteLine(
        $"""

        {Table.Absolute(figures, workers, images)}
        {Table.Relative(figures, workers)}
        {Table.Ahead(figures, workers)}
        Each job got one terminal reply, and everything arrived in order.
        """);
    if (options.Page is { } page)
    {
        var chart = Path.ChangeExtension(page, ".svg");
        var earlier = File.Exists(page) ? await File.ReadAllTextAsync(page) : "";
        await File.WriteAllTextAsync(chart, Chart.Of(figures, workers));
        var text = Page.Of(options, broker.Version, figures, workers, images, Path.GetFileName(chart), earlier);
        await File.WriteAllTextAsync(page, text);
    }
    return 0;
}

// image sizes in MB by the contestant's name
async Task<Dictionary<string, double>> ImagesAsync(Workspace work)
{
    if (!await ContainerBroker.HasEngineAsync()) return [];
    var jit = await StepImage.BuildAsync(work, isNative: false);
    var native = await StepImage.BuildAsync(work, isNative: true);
    return new() { ["jit"] = await jit.MegabytesAsync(), ["aot"] = await native.MegabytesAsync() };
}
