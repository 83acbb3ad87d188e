using System.Diagnostics;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace ReWorker.Faults;

/// <summary>The results of all runs in this clone, as a page of the docs.</summary>
internal static class Page
{
    private const string Head =
        """
        # What goes wrong, and what the worker does

        [delivery.md](delivery.md) explains in a minute what happens to a job when something fails. This page shows it:
        each row causes a fault in a real broker or a real worker process while jobs run.

        `./build.sh faults NAME` runs one row, and `--list` shows all names. `./build.sh faults --page docs/faults.md`
        runs all rows and writes this page. The page also has the results of earlier runs in the same clone: those of
        `--quick --repeat 20`, of `--without-remedy`, and of `./build.sh soak`.
        """;

    private const string Legend =
        """
        **Clean** means:

        - Every job got exactly one final reply, after one `started`. Copies under the same message id have a column of
          their own.
        - The queue ended with nothing ready, nothing unacknowledged, and one consumer.
        - Only jobs that belong in the dead-letter queue are in it.
        - No log has a secret.
        - Threads, handles and memory are back to what they were. Rows that replace the process do not check this.

        long-pauses, supervisor-hangs, sigterm-twice and sigterm-while-reconnecting check what they describe instead.
        With several runs, jobs, copies and seconds are those of the last one.
        """;

    public static string Write(IReadOnlyList<Result> results)
    {
        var page = new StringBuilder();
        var ran = results.Where(one => !one.IsSkipped).ToList();
        var brokers = ran.Select(one => one.Broker).Where(one => one.Length > 0).Distinct();
        page.AppendLine(Head).AppendLine();
        page.AppendLine(
            $"""
            Run {Days(ran)} on {Environment.ProcessorCount} cores: .NET {Environment.Version},
            RabbitMQ.Client {Client()}, RabbitMQ {string.Join(", ", brokers.OrderByDescending(Version.Parse))}.
            """);
        page.AppendLine().AppendLine(Legend).AppendLine();
        page.AppendLine("| fault | how | broker | result | jobs | copies | s to recover |");
        page.AppendLine("| --- | --- | --- | --- | ---: | ---: | ---: |");
        foreach (var fault in Catalogue.All) AddRows(page, fault, [.. results.Where(one => one.Fault == fault.Name)]);
        AddSoak(page, results);
        AddRemedies(page, results);
        return page.ToString();
    }

    private static void AddRows(StringBuilder page, Fault fault, IReadOnlyList<Result> results)
    {
        var (name, how) = ($"<a id=\"{fault.Name}\"></a>{fault.Name}", Cell(fault.How));
        var normal = results.Where(one => !one.WithoutRemedy).ToList();
        var runs = normal.Where(one => !one.IsSkipped).GroupBy(one => one.Broker).ToList();
        if (runs.Count == 0)
            page.AppendLine($"| {name} | {how} | | {Cell(normal.LastOrDefault()?.Text ?? "not run")} | | | |");
        foreach (var broker in runs.OrderByDescending(one => Version.Parse(one.Key)))
        {
            var last = broker.Last();
            var recovery = last.Recovery?.ToString("0.0", CultureInfo.InvariantCulture);
            page.Append($"| {name} | {how} | {broker.Key} | {Summary([.. broker])} ");
            page.AppendLine($"| {last.Jobs} | {last.Copies} | {recovery} |");
            (name, how) = (fault.Name, "the same");
        }
    }

    private static string Summary(IReadOnlyList<Result> runs)
    {
        var clean = runs.Count(one => one.IsClean);
        if (runs.LastOrDefault(one => !one.IsClean) is { } failed)
            return $"Clean in {clean} of {runs.Count} runs; otherwise: {Cell(failed.Text)}";
        return clean == 1 ? "Clean" : $"Clean, {clean} runs";
    }

    private static void AddSoak(StringBuilder page, IReadOnlyList<Result> results)
    {
        if (results.LastOrDefault(one => one.Fault == Soak.RowName) is not { } soak) return;
        page.AppendLine(
            $"""

            ## <a id="soak"></a>Soak

            `./build.sh soak`, {Day(soak)}, RabbitMQ {soak.Broker}: three workers, jobs all the time, and every 20 s a
            random fault (restart, kill or pause of the broker, resets, all connections closed, a worker killed).

            {soak.Text}

            ![memory, threads and handles of three workers during the soak](soak.svg)
            """);
    }

    private static void AddRemedies(StringBuilder page, IReadOnlyList<Result> results)
    {
        page.AppendLine(
            """

            ## Without the remedy

            `./build.sh faults --without-remedy` runs each row on a copy of the runtime that lacks the remedy, or with
            settings that disable it. The row must fail then.

            | fault | removed remedy, or setting | fails because |
            | --- | --- | --- |
            """);
        foreach (var fault in Catalogue.All)
        {
            var mutants = fault.Remedy.Select(one => one.Name);
            var settings = fault.WithoutRemedy.Select(one => $"`{one.Key}={one.Value}`");
            var run = results.LastOrDefault(one => one.Fault == fault.Name && one.WithoutRemedy && !one.IsSkipped);
            var outcome = run?.Text.Replace("fails: ", "", StringComparison.Ordinal) ?? "not run";
            var (without, why) = fault.NoRemedy is { } reason
                ? ("no remedy to remove", reason)
                : (string.Join("; ", mutants.Concat(settings)), Cell(outcome));
            page.AppendLine($"| {fault.Name} | {without} | {why} |");
        }
    }

    private static string Days(IReadOnlyList<Result> results)
    {
        var days = results.Select(Day).Distinct().Order().ToList();
        return days.Count switch { 0 => "never", 1 => $"on {days[0]}", _ => $"from {days[0]} to {days[^1]}" };
    }

    private static string Day(Result result) => result.At.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Client() =>
        FileVersionInfo.GetVersionInfo(typeof(IConnection).Assembly.Location).ProductVersion!.Split('+')[0];

    private static string Cell(string text) => text.ReplaceLineEndings(" ")
        .Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
