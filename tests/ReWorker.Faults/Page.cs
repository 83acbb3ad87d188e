using System.Globalization;
using System.Text;

namespace ReWorker.Faults;

/// <summary>What the runs in this clone came to, as a page of the docs.</summary>
internal static class Page
{
    private const string Head =
        """
        # What goes wrong, and what the worker does

        [delivery.md](delivery.md) says in a minute what happens to a job when something fails; here is what shows it. Each row does the fault
        to a real broker or a real worker process, under jobs. `./build.sh faults --page docs/faults.md` runs all rows, and writes
        as this page what all runs in a clone came to, those of `--quick --repeat 20`, `--without-remedy` and `./build.sh soak` before it too;
        `./build.sh faults NAME` runs one, `--list` names them.
        """;

    private const string Legend =
        """
        **Clean**: each job was answered exactly once after its one `started` (copies, under an id heard before, are dropped and counted here); the
        queue ended with nothing ready, nothing unacknowledged, one consumer; nothing was parked that should not be; no secret was in a log;
        threads, handles and memory were back. With several runs, jobs, copies and seconds are the last one's. Rows that replace the process do
        not compare its threads, handles and memory; long-pauses, supervisor-hangs, sigterm-twice and sigterm-while-reconnecting judge what they describe.
        """;

    public static string Of(IReadOnlyList<Result> results)
    {
        var page = new StringBuilder();
        var ran = results.Where(one => !one.IsSkipped).ToList();
        var brokers = ran.Where(one => one.Broker.Length > 0).Select(one => one.Broker).Distinct().OrderByDescending(Version.Parse).ToList();
        page.AppendLine(Head).AppendLine();
        page.AppendLine(CultureInfo.InvariantCulture, $"Run {Days(ran)} on {Environment.ProcessorCount} cores: .NET {Environment.Version}, RabbitMQ.Client {Client()}, RabbitMQ {string.Join(", ", brokers)}.");
        page.AppendLine().AppendLine(Legend).AppendLine();
        page.AppendLine("| fault | how | broker | result | jobs | copies | s to recover |");
        page.AppendLine("| --- | --- | --- | --- | ---: | ---: | ---: |");
        foreach (var fault in Catalogue.All) AddRows(page, fault, results);
        AddSoak(page, results);
        AddRemedies(page, results);
        return page.ToString();
    }

    private static void AddRows(StringBuilder page, Fault fault, IReadOnlyList<Result> results)
    {
        var runs = results.Where(one => one.Fault == fault.Name && !one.WithoutRemedy && !one.IsSkipped).GroupBy(one => one.Broker).OrderByDescending(one => Version.Parse(one.Key)).ToList();
        var name = $"<a id=\"{fault.Name}\"></a>{fault.Name}";
        if (runs.Count == 0) page.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {Cell(fault.How)} | | {Cell(results.LastOrDefault(one => one.Fault == fault.Name && !one.WithoutRemedy)?.Text ?? "not run")} | | | |");
        foreach (var broker in runs)
        {
            var (clean, last) = (broker.Count(one => one.IsClean), broker.Last());
            var dirty = broker.LastOrDefault(one => !one.IsClean);
            var text = dirty is null ? (clean == 1 ? "Clean" : $"Clean, {clean} runs") : $"Clean in {clean} of {broker.Count()} runs; otherwise: {Cell(dirty.Text)}";
            page.AppendLine(CultureInfo.InvariantCulture, $"| {(broker == runs[0] ? name : fault.Name)} | {(broker == runs[0] ? Cell(fault.How) : "the same")} | {broker.Key} | {text} | {last.Jobs} | {last.Copies} | {last.Recovery:0.0} |");
        }
    }

    private static void AddSoak(StringBuilder page, IReadOnlyList<Result> results)
    {
        if (results.LastOrDefault(one => one.Fault == Soak.RowName) is not { } soak) return;
        page.AppendLine().AppendLine("## <a id=\"soak\"></a>Soak").AppendLine();
        page.AppendLine(CultureInfo.InvariantCulture, $"`./build.sh soak`, {soak.At:yyyy-MM-dd}, RabbitMQ {soak.Broker}: three workers, jobs all the time, a fault every 20 s at random (restart, kill or pause of the broker, resets, all connections closed, a worker killed).");
        page.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{Cell(soak.Text)}");
        page.AppendLine().AppendLine("![memory, threads and handles of three workers during the soak](soak.svg)");
    }

    private static void AddRemedies(StringBuilder page, IReadOnlyList<Result> results)
    {
        page.AppendLine().AppendLine("## Without the remedy").AppendLine();
        page.AppendLine("`./build.sh faults --without-remedy` takes out of a copy of the runtime's source, or out of its settings, what a row is there for; the row must fail then.").AppendLine();
        page.AppendLine("| fault | without | fails because |");
        page.AppendLine("| --- | --- | --- |");
        foreach (var fault in Catalogue.All)
        {
            var without = string.Join(" and ", fault.Remedy.Select(one => $"\"{one.Name}\"").Concat(fault.WithoutRemedy.Select(one => $"`{one.Key}={one.Value}`")));
            var last = results.LastOrDefault(one => one.Fault == fault.Name && one.WithoutRemedy && !one.IsSkipped);
            page.AppendLine(CultureInfo.InvariantCulture, $"| {fault.Name} | {(fault.NoRemedy is null ? without : "nothing to take away")} | {fault.NoRemedy ?? (last is null ? "not run" : Cell(last.Text.Replace("fails: ", "", StringComparison.Ordinal)))} |");
        }
    }

    private static string Days(IReadOnlyList<Result> results)
    {
        var days = results.Select(one => one.At.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)).Distinct().Order().ToList();
        return days.Count switch { 0 => "never", 1 => $"on {days[0]}", _ => $"from {days[0]} to {days[^1]}" };
    }

    private static string Client() =>
        System.Diagnostics.FileVersionInfo.GetVersionInfo(typeof(RabbitMQ.Client.IConnection).Assembly.Location).ProductVersion!.Split('+')[0];

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
