using System.Globalization;
using System.Text;

namespace ReWorker.Faults;

/// <summary>The table as a page of the docs.</summary>
internal static class Page
{
    public static string Of(IReadOnlyList<Verdict> verdicts, string[] args)
    {
        var page = new StringBuilder();
        page.AppendLine("# What goes wrong, and what the worker does");
        page.AppendLine();
        page.AppendLine(CultureInfo.InvariantCulture, $"Written by `./build.sh faults {string.Join(' ', args)}` on {DateTime.UtcNow:yyyy-MM-dd}, .NET {Environment.Version}, RabbitMQ.Client {typeof(RabbitMQ.Client.IConnection).Assembly.GetName().Version!.ToString(3)}, RabbitMQ {string.Join(", ", verdicts.Where(one => !one.IsSkipped).Select(one => one.Broker).Distinct())}.");
        page.AppendLine();
        page.AppendLine("**Clean**: each job was answered exactly once after its one `started` (copies under an id heard before are dropped, and counted as duplicates); the queue");
        page.AppendLine("ended with nothing ready, nothing unacknowledged, one consumer; nothing was parked that should not be; no secret was in a log; threads, handles and memory were back.");
        page.AppendLine();
        page.AppendLine("| fault | how | broker | result | jobs | duplicates | s to recover |");
        page.AppendLine("| --- | --- | --- | --- | ---: | ---: | ---: |");
        foreach (var one in verdicts)
            page.AppendLine(CultureInfo.InvariantCulture, $"| {one.Fault.Name} | {Cell(one.Fault.How)} | {one.Broker} | {Cell(one.Text)} | {one.Jobs} | {one.Duplicates} | {one.Recovery:0.0} |");
        return page.ToString();
    }

    private static string Cell(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
