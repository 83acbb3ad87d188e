namespace ReWorker.Tools.CommandLine;

/// <summary>Writes lines for people.</summary>
internal sealed class TextEventWriter(Terminal terminal, bool isQuiet) : IJobEventWriter
{
    public void Write(JobRequest job, JobEvent jobEvent, TimeSpan elapsed)
    {
        switch (jobEvent)
        {
            case JobEvent.Completed completed:
                var result = $"{Seconds(elapsed)}   {Compact(completed.Data)}".TrimEnd();
                terminal.Line(Label("completed", Color.Green), result);
                break;
            case JobEvent.Failed failed:
                terminal.Line(Label("failed", Color.Red), $"{Seconds(elapsed)}   {Terminal.Flatten(failed.Reason)}");
                break;
            case var _ when isQuiet:
                break;
            case JobEvent.Started:
                var id = ($"  job {job.CorrelationId}", Color.Grey);
                terminal.Line(Label("started", Color.Blue), Names.Queue(job.Queue), id);
                break;
            case JobEvent.Output output:
                foreach (var line in output.Line.Split('\n')) terminal.Line((" │ ", Color.Grey), line.TrimEnd('\r'));
                break;
            case JobEvent.Notification notification:
                var target = $"{notification.Channel} → {string.Join(", ", notification.Targets)}";
                terminal.Line(($" ◆ {target}  ", Color.Yellow), notification.Slug);
                break;
        }
    }

    public void WriteNoAnswer(JobRequest job, string reason) => terminal.Error(reason);

    public void WriteSummary(Tally tally)
    {
        WriteCount("completed", Color.Green, tally.Completed, null);
        WriteCount("failed", Color.Red, tally.Failed, tally.FirstFailure);
        WriteCount("no answer", Color.Red, tally.NoAnswer, tally.FirstNoAnswer);
        var (p50, p99) = (tally.Percentile(0.50), tally.Percentile(0.99));
        terminal.Line(Label("total", Color.Grey), string.Create(
            CultureInfo.InvariantCulture,
            $"{Seconds(tally.Elapsed)}   {tally.JobsPerSecond:0.0} jobs/s   p50 {p50:0.000} s   p99 {p99:0.000} s"));
    }

    private void WriteCount(string label, Color color, int count, string? firstReason) => terminal.Line(
        Label(label, count > 0 ? color : Color.Grey),
        $"{count}",
        (firstReason is null ? "" : $"   first: {Terminal.Flatten(firstReason)}", Color.Grey));

    private static (string, Color) Label(string text, Color color) => ($" {text,-9}  ", color);

    private static string Seconds(TimeSpan elapsed) =>
        string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalSeconds:0.0} s");

    private static string Compact(JsonElement data) =>
        data.ValueKind is JsonValueKind.Undefined ? "" : JsonText.Write(data, JsonText.Readable);
}
