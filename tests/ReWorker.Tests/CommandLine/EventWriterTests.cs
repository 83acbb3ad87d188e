using System.Text.Json;
using ReWorker.Client;
using ReWorker.Tools.CommandLine;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>What <c>submit</c> prints, to the letter: lines for people, and JSON for programs.</summary>
public sealed class EventWriterTests : IDisposable
{
    private static readonly TimeSpan Elapsed = TimeSpan.FromSeconds(1.2345678);

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly JobRequest _job = new() { Queue = "q", CorrelationId = "c" };

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
    }

    private static JobEvent[] All =>
    [
        new JobEvent.Started(),
        new JobEvent.Output("one \"é\"\r\ntwo"),
        new JobEvent.Notification("i", "s", "m\n", Phase.Failed, ["#a", "b"]),
        new JobEvent.Completed(JsonElement.Parse("""{ "a": [1, "é"] }""")),
        new JobEvent.Completed(default),
        new JobEvent.Failed("no\nwidget"),
    ];

    [Fact]
    public void Write_AllEventsForPeople_WritesTheirLines()
    {
        WriteAll(new TextEventWriter(Terminal(), isQuiet: false));

        Assert.Equal(
            """
             started    worker.q  job c
             │ one "é"
             │ two
             ◆ i → #a, b  s
             completed  1.2 s   {"a":[1,"é"]}
             completed  1.2 s
             failed     1.2 s   no ⏎ widget

            """.ReplaceLineEndings("\n"),
            _output.ToString());
    }

    [Fact]
    public void Write_QuietForPeople_WritesOnlyHowTheJobEnded()
    {
        WriteAll(new TextEventWriter(Terminal(), isQuiet: true));

        Assert.Equal(
            " completed  1.2 s   {\"a\":[1,\"é\"]}\n completed  1.2 s\n failed     1.2 s   no ⏎ widget\n",
            _output.ToString());
    }

    [Fact]
    public void Write_AllEventsAsJson_WritesEachWithItsKeys()
    {
        WriteAll(new JsonEventWriter(Terminal(), isQuiet: false));

        Assert.Equal(
            """
            {"event":"started","job":"c","queue":"worker.q"}
            {"event":"output","job":"c","line":"one \u0022é\u0022\r\ntwo"}
            {"event":"notification","job":"c","channel":"i","slug":"s","message":"m\n","phase":"failed","target":["#a","b"]}
            {"event":"completed","job":"c","seconds":1.235,"data":{"a":[1,"é"]}}
            {"event":"completed","job":"c","seconds":1.235}
            {"event":"failed","job":"c","seconds":1.235,"reason":"no\nwidget"}

            """.ReplaceLineEndings("\n"),
            _output.ToString());
    }

    [Fact]
    public void Write_QuietJson_WritesOnlyHowTheJobEnded()
    {
        WriteAll(new JsonEventWriter(Terminal(), isQuiet: true));

        var events = _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonElement.Parse(line).GetProperty("event").GetString());
        Assert.Equal(["completed", "completed", "failed"], events);
    }

    [Fact]
    public void WriteNoAnswer_ForPeople_WritesTheReasonAsAnError()
    {
        new TextEventWriter(Terminal(), isQuiet: false).WriteNoAnswer(_job, "why");

        Assert.Equal(("", "why\n"), (_output.ToString(), _error.ToString()));
    }

    [Fact]
    public void WriteNoAnswer_AsJson_WritesAnEventAndTheError()
    {
        new JsonEventWriter(Terminal(), isQuiet: true).WriteNoAnswer(_job, "why");

        Assert.Equal(
            ("{\"event\":\"no-answer\",\"job\":\"c\",\"reason\":\"why\"}\n", "why\n"),
            (_output.ToString(), _error.ToString()));
    }

    [Fact]
    public void WriteSummary_ForPeople_ShowsCountsFirstReasonsAndTimes()
    {
        new TextEventWriter(Terminal(), isQuiet: false).WriteSummary(SomeOfEach());

        Assert.Equal(
            """
             completed  1
             failed     2   first: f1 ⏎ x
             no answer  1   first: n1
             total      2.5 s   1.2 jobs/s   p50 0.235 s   p99 0.300 s

            """.ReplaceLineEndings("\n"),
            _output.ToString());
    }

    [Fact]
    public void WriteSummary_AsJson_ShowsTheSame()
    {
        new JsonEventWriter(Terminal(), isQuiet: true).WriteSummary(SomeOfEach());

        Assert.Equal(
            "{\"event\":\"summary\",\"completed\":1,\"failed\":2,\"noAnswer\":1,\"seconds\":2.5,\"jobsPerSecond\":1.2,"
                + "\"p50\":0.2346,\"p99\":0.3}\n",
            _output.ToString());
    }

    /// <summary>A terminal would act on some of the characters that JSON allows in a string.</summary>
    [Theory]
    [InlineData("[\"\u009b2J\u202e\"]", "[\"\\u009B2J\\u202e\"]")]
    [InlineData("[\"\u009b2J\u202e\\ud83d\"]", "[\"\\u009b2J\\u202e\\ud83d\"]")]
    public void Write_DataForATerminalAsJson_IsEscaped(string data, string expected)
    {
        var completed = new JobEvent.Completed(JsonElement.Parse(data));

        new JsonEventWriter(Terminal(), isQuiet: true).Write(_job, completed, Elapsed);

        Assert.EndsWith($",\"data\":{expected}}}\n", _output.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Python sends half of a surrogate pair as an escape; nothing can write it again.</summary>
    [Fact]
    public void Write_DataThatCannotBeEncoded_ShowsItAsItCame()
    {
        var data = JsonElement.Parse("[\n\"\\ud83d\"]");

        new TextEventWriter(Terminal(), isQuiet: true).Write(_job, new JobEvent.Completed(data), Elapsed);
        new JsonEventWriter(Terminal(), isQuiet: true).Write(_job, new JobEvent.Completed(data), Elapsed);

        Assert.Equal(
            """
             completed  1.2 s   [ "\ud83d"]
            {"event":"completed","job":"c","seconds":1.235,"data":[ "\ud83d"]}

            """.ReplaceLineEndings("\n"),
            _output.ToString());
    }

    private static Tally SomeOfEach()
    {
        var tally = new Tally { Elapsed = TimeSpan.FromSeconds(2.5) };
        tally.CountAnswer("f1\nx", TimeSpan.FromSeconds(0.3));
        tally.CountAnswer("f2", TimeSpan.FromSeconds(0.1));
        tally.CountAnswer(null, TimeSpan.FromSeconds(0.2345678));
        tally.CountNoAnswer("n1");
        return tally;
    }

    private Terminal Terminal() => new(Stream.Null, _output, _error, isInteractive: false);

    private void WriteAll(IJobEventWriter writer)
    {
        foreach (var jobEvent in All) writer.Write(_job, jobEvent, Elapsed);
    }
}
