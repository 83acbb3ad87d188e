using System.Globalization;
using System.Runtime.InteropServices;
using ReWorker.Faults;
using Spectre.Console;

if (args is ["worker", ..]) return await ChaosProcess.RunAsync(args[1..]);
if (args.Contains("--help"))
{
    Console.WriteLine(Options.Usage);
    return 0;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

if (args is ["soak", ..])
{
    var minutes = 30.0;
    if (args.Length > 1 && args[1] != "--picture"
        && !(double.TryParse(args[1], CultureInfo.InvariantCulture, out minutes) && minutes > 0))
    {
        Console.Error.WriteLine($"soak {args[1]}; allowed: a number of minutes");
        return 64;
    }
    var picture = args.SkipWhile(word => word != "--picture").ElementAtOrDefault(1);
    var soak = new Soak(TimeSpan.FromMinutes(minutes), picture);
    using var builds = new Builds();
    await using var one = new Matrix(Options.Parse(["--broker", "4.3", "--verbose"]), [soak.Row], builds);
    var verdict = (await one.RunAsync(_ => { }, stop.Token)).Single();
    if (verdict.IsSkipped)
    {
        Console.WriteLine(verdict.Text);
        return 1;
    }
    verdict = verdict with { Text = $"{verdict.Text}: {soak.Summary}" };
    Results.Add(verdict, withoutRemedy: false);
    Console.WriteLine(verdict.Text);
    return verdict.IsClean ? 0 : 1;
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

bool IsNamed(Fault row) =>
    options.Names.Count == 0 || options.Names.Any(name => row.Name.Contains(name, StringComparison.Ordinal));
var faults = Catalogue.All.Where(row => (row.IsQuick || !options.IsQuick) && IsNamed(row)).ToList();
if (options.IsList)
{
    foreach (var fault in faults) Console.WriteLine($"{fault.Name,-28} {fault.How}");
    return 0;
}
if (faults.Count == 0)
{
    Console.Error.WriteLine($"no row's name contains {string.Join(" or ", options.Names)}; --list shows all names");
    return 64;
}

using var programs = new Builds(options.IsNative);
var all = new List<Verdict>();
for (var round = 0; round < options.Repeat && !stop.IsCancellationRequested; round++)
{
    await using var matrix = new Matrix(options, faults, programs);
    all.AddRange(await matrix.RunAsync(
        verdict =>
        {
            Results.Add(verdict, options.WithoutRemedy);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{verdict.Fault.Name,-28} {verdict.Broker,-8} {verdict.Text} ({verdict.Took:0} s)"));
        },
        stop.Token));
}

var table = new Table().AddColumns("fault", "broker", "result", "jobs", "duplicates", "s to recover");
foreach (var one in all)
{
    var recovery = one.Recovery?.ToString("0.0", CultureInfo.InvariantCulture) ?? "";
    table.AddRow(one.Fault.Name, one.Broker, Markup.Escape(one.Text), $"{one.Jobs}", $"{one.Duplicates}", recovery);
}
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 200;
AnsiConsole.Write(table);
if (options.Page is { } page) await File.WriteAllTextAsync(page, Page.Write(Results.Read()));

var skipped = all.Count(one => one.IsSkipped);
var failed = all.Count(one => !one.IsClean && !one.IsSkipped);
Console.WriteLine($"\n  succeeded: {all.Count - skipped - failed}\n  failed: {failed}\n  skipped: {skipped}");
return failed == 0 && skipped < all.Count ? 0 : 1;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
