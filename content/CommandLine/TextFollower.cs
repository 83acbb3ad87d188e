using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ReWorker.Protocol;
using ReWorker.Requesting;

namespace ReWorker.CommandLine;

/// <summary>Lines for people.</summary>
internal sealed class TextFollower(Terminal terminal, bool isQuiet) : IFollower
{
    public void Show(JobRequest job, JobEvent heard, TimeSpan elapsed)
    {
        switch (heard)
        {
            case JobEvent.Started when !isQuiet:
                terminal.Line(Label("started", "blue"), (Names.Queue(job.Queue), ""), ("  job ", "grey"), (job.CorrelationId, "grey"));
                break;
            case JobEvent.Output output when !isQuiet:
                foreach (var line in output.Line.Split('\n')) terminal.Line((" │ ", "grey"), (line.TrimEnd('\r'), ""));
                break;
            case JobEvent.Notification one when !isQuiet:
                terminal.Line((" ◆ ", "yellow"), ($"{one.Channel} → {string.Join(", ", one.Targets)}  ", "yellow"), (one.Slug, ""));
                break;
            case JobEvent.Completed completed:
                terminal.Line(Label("completed", "green"), ($"{Seconds(elapsed)}   {Compact(completed.Data)}".TrimEnd(), ""));
                break;
            case JobEvent.Failed failed:
                terminal.Line(Label("failed", "red"), ($"{Seconds(elapsed)}   {failed.Reason.ReplaceLineEndings(" ⏎ ")}", ""));
                break;
        }
    }

    public void NoAnswer(JobRequest job, string why) => terminal.Error(why);

    public void Summary(Tally tally)
    {
        terminal.Line(Label("completed", "green"), (Number(tally.Completed), ""));
        terminal.Line(Label("failed", tally.Failed > 0 ? "red" : "grey"), (Number(tally.Failed), ""), (tally.FirstFailure is { } reason ? $"   first: {reason.ReplaceLineEndings(" ⏎ ")}" : "", "grey"));
        terminal.Line(Label("no answer", tally.NoAnswer > 0 ? "red" : "grey"), (Number(tally.NoAnswer), ""), (tally.FirstSilence is { } why ? $"   first: {why}" : "", "grey"));
        terminal.Line(Label("in all", "grey"), (string.Create(CultureInfo.InvariantCulture,
            $"{Seconds(tally.Elapsed)}   {tally.JobsPerSecond:0.0} jobs/s   p50 {tally.Percentile(0.50):0.000} s   p99 {tally.Percentile(0.99):0.000} s"), ""));
    }

    private static (string, string) Label(string text, string style) => ($" {text,-9}  ", style);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s");

    /// <summary>On one line, whatever its author's layout.</summary>
    private static string Compact(JsonElement data)
    {
        if (data.ValueKind is JsonValueKind.Undefined) return "";
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) data.WriteTo(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
