using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ReWorker.Client;
using ReWorker.Wire.Contract;

namespace ReWorker.Tools.CommandLine;

/// <summary>One JSON object a line, for programs.</summary>
internal sealed class JsonEventWriter(Terminal terminal, bool isQuiet) : IJobEventWriter
{
    // readable, and no control character gets out unescaped
    private static readonly JsonWriterOptions Safe = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public void Show(JobRequest job, JobEvent heard, TimeSpan elapsed)
    {
        if (isQuiet && heard is not (JobEvent.Completed or JobEvent.Failed)) return;
        Write(heard.GetType().Name.ToLowerInvariant(), writer =>
        {
            writer.WriteString("job", job.CorrelationId);
            switch (heard)
            {
                case JobEvent.Started:
                    writer.WriteString("queue", Names.Queue(job.Queue));
                    break;
                case JobEvent.Output output:
                    writer.WriteString("line", output.Line);
                    break;
                case JobEvent.Notification one:
                    writer.WriteString("channel", one.Channel);
                    writer.WriteString("slug", one.Slug);
                    writer.WriteString("message", one.Message);
                    writer.WriteString("phase", PhaseNames.For(one.Phase));
                    writer.WriteStartArray("target");
                    foreach (var target in one.Targets) writer.WriteStringValue(target);
                    writer.WriteEndArray();
                    break;
                case JobEvent.Completed completed:
                    WriteSeconds(writer, elapsed);
                    if (completed.Data.ValueKind is not JsonValueKind.Undefined)
                    {
                        writer.WritePropertyName("data");
                        writer.WriteRawValue(JsonLine.Write(completed.Data, Safe), skipInputValidation: true);
                    }
                    break;
                case JobEvent.Failed failed:
                    WriteSeconds(writer, elapsed);
                    writer.WriteString("reason", failed.Reason);
                    break;
            }
        });
    }

    public void NoAnswer(JobRequest job, string why)
    {
        Write("no-answer", writer =>
        {
            writer.WriteString("job", job.CorrelationId);
            writer.WriteString("reason", why);
        });
        terminal.Error(why);
    }

    public void Summary(Tally tally) => Write("summary", writer =>
    {
        writer.WriteNumber("completed", tally.Completed);
        writer.WriteNumber("failed", tally.Failed);
        writer.WriteNumber("noAnswer", tally.NoAnswer);
        WriteSeconds(writer, tally.Elapsed);
        writer.WriteNumber("jobsPerSecond", Math.Round(tally.JobsPerSecond, 1));
        writer.WriteNumber("p50", Math.Round(tally.Percentile(0.50), 4));
        writer.WriteNumber("p99", Math.Round(tally.Percentile(0.99), 4));
    });

    private void Write(string name, Action<Utf8JsonWriter> rest)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Safe))
        {
            writer.WriteStartObject();
            writer.WriteString("event", name);
            rest(writer);
            writer.WriteEndObject();
        }
        terminal.Raw(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void WriteSeconds(Utf8JsonWriter writer, TimeSpan span) => writer.WriteNumber("seconds", Math.Round(span.TotalSeconds, 3));
}
