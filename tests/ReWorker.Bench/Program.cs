using System.Globalization;
using System.Text.Json;
using ReWorker.Bench;
using ReWorker.Bench.Report;
using ReWorker.Bench.Running;
using ReWorker.Bench.Scale;
using ReWorker.Bench.Workers;

if (args is ["worker", .. var rest]) return await PeerProcess.RunAsync(rest);

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

var all = Contestant.All(options.StepJit ?? throw new InvalidOperationException("--step is missing"), options.StepAot);
var workers = all.Where(one => options.Names.Count == 0 || options.Names.Contains(one.Name)).ToList();
await using var broker = await BenchBroker.OpenAsync(options.Image);
if (options.IsScale) return await ScaleRun.RunAsync(options, broker, all.First(one => one.IsOurs));

var samples = options.Record is { } record && File.Exists(record) ? File.ReadLines(record).Select(line => JsonSerializer.Deserialize<Sample>(line)!).ToList() : [];
var rounds = new Rounds(options, broker, workers, Console.WriteLine);
var measured = await rounds.RunAsync(samples.Count == 0 ? 0 : samples.Max(one => one.Round) + 1);
samples.AddRange(measured);
if (options.Record is { } file) await File.AppendAllLinesAsync(file, measured.Select(one => JsonSerializer.Serialize(one)));

foreach (var violation in rounds.Violations) Console.WriteLine($"violated: {violation}");
if (rounds.Violations.Count > 0) return 1;

var figures = new Figures(samples);
// NAME=BYTES,…
var images = (options.Images ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('=')).ToDictionary(one => one[0], one => double.Parse(one[1], CultureInfo.InvariantCulture) / 1e6);
Console.WriteLine($"\n{Table.Absolute(figures, workers, images)}\n{Table.Relative(figures, workers)}\n{Table.Ahead(figures, workers)}\nEvery job was answered once, in order.");
if (options.Page is { } page)
{
    var chart = Path.ChangeExtension(page, ".svg");
    await File.WriteAllTextAsync(chart, Chart.Of(figures, workers));
    await File.WriteAllTextAsync(page, Page.Of(options, broker.Version, figures, workers, images, Path.GetFileName(chart), File.Exists(page) ? File.ReadAllText(page) : ""));
}
return 0;
