using System.Text.Json;
using ReWorker.Bench;
using ReWorker.Bench.Running;
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

var contestants = Contestant.All(options.StepJit ?? throw new InvalidOperationException("--step is missing"), options.StepAot)
    .Where(one => options.Names.Count == 0 || options.Names.Contains(one.Name)).ToList();
await using var broker = await BenchBroker.OpenAsync(options.Image);
var earlier = options.Record is { } record && File.Exists(record)
    ? File.ReadLines(record).Select(line => JsonSerializer.Deserialize<Sample>(line)!).ToList()
    : [];
var rounds = new Rounds(options, broker, contestants, Console.WriteLine);
var samples = await rounds.RunAsync(earlier.Count == 0 ? 0 : earlier.Max(one => one.Round) + 1);
if (options.Record is { } file) await File.AppendAllLinesAsync(file, samples.Select(one => JsonSerializer.Serialize(one)));

foreach (var violation in rounds.Violations) Console.WriteLine($"violated: {violation}");
return rounds.Violations.Count == 0 ? 0 : 1;
