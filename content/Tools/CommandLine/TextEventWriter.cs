using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using ReWorker.Client;
using ReWorker.Wire.Contract;
using Spectre.Console;

namespace ReWorker.Tools.CommandLine;

/// <summary>Lines for people.</summary>
internal sealed class TextEventWriter(Terminal terminal, bool isQuiet) : IJobEventWriter
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Show(JobRequest job, JobEvent heard, TimeSpan elapsed)
    {
        switch (heard)
        {
            case JobEvent.Started when !isQuiet:
                terminal.Line(Label("started", Color.Blue), (Names.Queue(job.Queue), Color.Default), ("  job ", Color.Grey), (job.CorrelationId, Color.Grey));
                break;
            case JobEvent.Output output when !isQuiet:
                foreach (var line in output.Line.Split('\n')) terminal.Line((" │ ", Color.Grey), (line.TrimEnd('\r'), Color.Default));
                break;
            case JobEvent.Notification one when !isQuiet:
                terminal.Line((" ◆ ", Color.Yellow), ($"{one.Channel} → {string.Join(", ", one.Targets)}  ", Color.Yellow), (one.Slug, Color.Default));
                break;
            case JobEvent.Completed completed:
                terminal.Line(Label("completed", Color.Green), ($"{Seconds(elapsed)}   {Compact(completed.Data)}".TrimEnd(), Color.Default));
                break;
            case JobEvent.Failed failed:
                terminal.Line(Label("failed", Color.Red), ($"{Seconds(elapsed)}   {failed.Reason.ReplaceLineEndings(" ⏎ ")}", Color.Default));
                break;
        }
    }

    public void NoAnswer(JobRequest job, string why) => terminal.Error(why);

    public void Summary(Tally tally)
    {
        terminal.Line(Label("completed", Color.Green), (Number(tally.Completed), Color.Default));
        terminal.Line(Label("failed", tally.Failed > 0 ? Color.Red : Color.Grey), (Number(tally.Failed), Color.Default), (tally.FirstFailure is { } reason ? $"   first: {reason.ReplaceLineEndings(" ⏎ ")}" : "", Color.Grey));
        terminal.Line(Label("no answer", tally.NoAnswer > 0 ? Color.Red : Color.Grey), (Number(tally.NoAnswer), Color.Default), (tally.FirstSilence is { } why ? $"   first: {why}" : "", Color.Grey));
        terminal.Line(Label("in all", Color.Grey), (string.Create(CultureInfo.InvariantCulture,
            $"{Seconds(tally.Elapsed)}   {tally.JobsPerSecond:0.0} jobs/s   p50 {tally.Percentile(0.50):0.000} s   p99 {tally.Percentile(0.99):0.000} s"), Color.Default));
    }

    private static (string, Color) Label(string text, Color color) => ($" {text,-9}  ", color);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:0.0} s");

    private static string Compact(JsonElement data) => data.ValueKind is JsonValueKind.Undefined ? "" : JsonLine.Write(data, Relaxed);
}
