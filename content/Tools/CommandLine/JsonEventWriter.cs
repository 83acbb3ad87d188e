namespace ReWorker.Tools.CommandLine;

/// <summary>Writes one JSON object per line, for programs.</summary>
internal sealed class JsonEventWriter(Terminal terminal, bool isQuiet) : IJobEventWriter
{
    public void Write(JobRequest job, JobEvent jobEvent, TimeSpan elapsed)
    {
        if (isQuiet && jobEvent is not (JobEvent.Completed or JobEvent.Failed)) return;
        WriteLine(jobEvent.GetType().Name.ToLowerInvariant(), json =>
        {
            json.WriteString("job", job.CorrelationId);
            WriteDetails(json, job, jobEvent, elapsed);
        });
    }

    public void WriteNoAnswer(JobRequest job, string reason)
    {
        WriteLine("no-answer", json =>
        {
            json.WriteString("job", job.CorrelationId);
            json.WriteString("reason", reason);
        });
        terminal.Error(reason);
    }

    public void WriteSummary(Tally tally) => WriteLine("summary", json =>
    {
        json.WriteNumber("completed", tally.Completed);
        json.WriteNumber("failed", tally.Failed);
        json.WriteNumber("noAnswer", tally.NoAnswer);
        WriteSeconds(json, tally.Elapsed);
        json.WriteNumber("jobsPerSecond", Math.Round(tally.JobsPerSecond, 1));
        json.WriteNumber("p50", Math.Round(tally.Percentile(0.50), 4));
        json.WriteNumber("p99", Math.Round(tally.Percentile(0.99), 4));
    });

    private static void WriteDetails(Utf8JsonWriter json, JobRequest job, JobEvent jobEvent, TimeSpan elapsed)
    {
        switch (jobEvent)
        {
            case JobEvent.Started:
                json.WriteString("queue", Names.Queue(job.Queue));
                break;
            case JobEvent.Output output:
                json.WriteString("line", output.Line);
                break;
            case JobEvent.Notification notification:
                json.WriteString("channel", notification.Channel);
                json.WriteString("slug", notification.Slug);
                json.WriteString("message", notification.Message);
                json.WriteString("phase", PhaseNames.For(notification.Phase));
                json.WriteStartArray("target");
                foreach (var target in notification.Targets) json.WriteStringValue(target);
                json.WriteEndArray();
                break;
            case JobEvent.Completed completed:
                WriteSeconds(json, elapsed);
                if (completed.Data.ValueKind is JsonValueKind.Undefined) break;
                json.WritePropertyName("data");
                json.WriteRawValue(JsonText.Write(completed.Data, JsonText.Safe), skipInputValidation: true);
                break;
            case JobEvent.Failed failed:
                WriteSeconds(json, elapsed);
                json.WriteString("reason", failed.Reason);
                break;
        }
    }

    private void WriteLine(string name, Action<Utf8JsonWriter> writeRest) => terminal.Raw(JsonText.Write(
        json =>
        {
            json.WriteStartObject();
            json.WriteString("event", name);
            writeRest(json);
            json.WriteEndObject();
        },
        JsonText.Safe));

    private static void WriteSeconds(Utf8JsonWriter json, TimeSpan elapsed) =>
        json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 3));
}
