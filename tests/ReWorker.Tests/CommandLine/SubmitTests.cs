using System.Collections.Concurrent;
using System.Text.Json;
using My.Step_1.Tests;
using ReWorker.Tests.Fakes;
using ReWorker.Tests.Requesting;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>What `submit` sends and prints, and its exit codes.</summary>
public sealed class SubmitTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    // the timeout includes connecting
    private static readonly string[] Nobody = ["--queue", "nobody", "--timeout", "3s"];

    [Fact]
    public async Task Submit_CompletedJob_ShowsAllEventsAndExitsWith0()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.OutputAsync("""Frobbing\u001b[31m\nDone""");
            await turn.NotifyAsync("irc", """{"slug":"Frobbed","message":"m","phase":"completed","target":["#ops"]}""");
            await turn.StatusAsync("""{"status":"completed","data":{ "frobbed": 1 }}""");
        });

        var call = await SubmitAsync(worker);

        Assert.Equal(0, call.Code);
        Assert.Matches($"^ started    worker.{worker.Queue}  job [0-9A-Z]{{26}}$", call.Lines[0]);
        Assert.Equal([" │ Frobbing\\u001b[31m", " │ Done", " ◆ irc → #ops  Frobbed"], call.Lines[1..4]);
        Assert.Matches("""^ completed  \d+\.\d s   \{"frobbed":1\}$""", call.Lines[4]);
        Assert.Empty(call.Error);
    }

    [Fact]
    public async Task Submit_FailedJob_ExitsWith1()
    {
        await using var worker = await FakeWorker.StartAsync(
            broker.Amqp, turn => turn.StatusAsync("""{"status":"failed","data":"no\nwidget"}"""));

        var call = await SubmitAsync(worker);

        Assert.Equal(1, call.Code);
        Assert.Matches(@"^ failed     \d+\.\d s   no ⏎ widget\n$", call.Output);
    }

    [Fact]
    public async Task Submit_NoAnswer_ExitsWith2()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.StartAsync());

        var call = await Call.Async("submit", "--queue", worker.Queue, "--timeout", "3s", Uri);

        var error = $"no answer from worker.{worker.Queue} within 3 s: a worker has started it and not finished it\n";
        Assert.Equal((2, error), (call.Code, call.Error));
    }

    [Fact]
    public async Task Submit_NoQueue_WaitsForItAndExitsWith2()
    {
        const string why = "queue worker.nobody does not exist: is the worker running, and is this its queue?";

        var call = await Call.Async(["submit", .. Nobody, Uri]);

        Assert.Equal(
            (2, $"waiting: {why}\nno answer from worker.nobody within 3 s: {why}\n"), (call.Code, call.Error));
    }

    [Fact]
    public async Task Submit_WorkerStartsLater_GetsAReply()
    {
        var queue = BrokerFixture.UniqueQueue();
        using var error = new Lines();
        var call = Call.WithErrorAsync(
            error, TextWriter.Null, "", "submit", "--queue", queue, "--timeout", "60s", Uri);
        await Until.TrueAsync(() => error.All.Any(line => line.Contains("does not exist", StringComparison.Ordinal)));

        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync(), queue);

        Assert.Equal(0, (await call).Code);
    }

    [Fact]
    public async Task Submit_NoBroker_ExitsWith2AndNamesTheAddress()
    {
        var call = await Call.Async(
            "submit", "--queue", "q", "--timeout", "3s", "--ConnectionStrings:rabbitmq=amqp://127.0.0.1:1/");

        const string tried = @"tried amqp://guest@127\.0\.0\.1:1/%2F";
        Assert.Equal(2, call.Code);
        Assert.Matches(
            $@"^waiting: {tried} 1 time: Connection refused\n"
                + $@"no answer from worker\.q within 3 s: {tried} \d times?: Connection refused\n$",
            call.Error);
    }

    [Fact]
    public async Task Submit_FileAndOptions_MergesTheOptionsIntoTheFile()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());
        const string given =
            """
            {"group":"a","parameters":{"hosts":["x"],"keep":true},"notify":{"failed":{"irc":"#one"}},"own":[1]}
            """;
        var expected =
            """
            {"group":"g",
            "parameters":{"hosts":["a","b"],"keep":true,"number":1.50,"text":"1.5.0","list":[1],"quoted":"1","none":"",
            "at":"@x","subcommand":"Restart"},
            "notify":{"failed":{"irc":["#one","#two"]},"completed":{"email":["a@b"]}},
            "own":[1],
            "dynamic":{"environment":"dev"}}
            """.ReplaceLineEndings("");
        using var file = new TempFile("\uFEFF" + given);

        await SubmitAsync(
            worker, "--job", file.Path, "--group", "g", "--host", "a", "--host", "b", "--subcommand", "Restart",
            "--parameter", "number=1.50", "--parameter", "text=1.5.0", "--parameter", "list=[1]",
            "--parameter", "quoted=\"1\"", "--parameter", "none=", "--parameter", "at=@x",
            "--dynamic", "environment=dev", "--notify", "failed:irc=#two", "--notify", "completed:email=a@b");

        Assert.Equal(expected, worker.Jobs[0].Body);
    }

    [Fact]
    public async Task Submit_ListFromStandardInput_SendsItUnchanged()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());

        var call = await Call.WithInputAsync("[1, 2]", "submit", "--queue", worker.Queue, "--job", "-", Uri);

        Assert.Equal((0, "[1,2]"), (call.Code, worker.Jobs[0].Body));
    }

    [Fact]
    public async Task Submit_Json_WritesOneObjectPerLine()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.OutputAsync("""é\u001b""");
            await turn.NotifyAsync("irc", """{"slug":"s","message":"m","phase":"started","target":["#ops"]}""");
            await turn.StatusAsync("""{"status":"completed","data":[1]}""");
        });

        var call = await SubmitAsync(worker, "--json");

        Assert.DoesNotContain('\u001b', call.Output);
        Assert.Contains("é", call.Output, StringComparison.Ordinal);
        var events = call.Lines.Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            ["started", "output", "notification", "completed"],
            events.Select(json => json.GetProperty("event").GetString()));
        Assert.Equal("[1]", events[3].GetProperty("data").GetRawText());
        Assert.Single(events.Select(json => json.GetProperty("job").GetString()).Distinct());
    }

    [Fact]
    public async Task Submit_Quiet_WritesOnlyTheResult()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.OutputAsync("x");
            await turn.CompleteAsync();
        });

        var call = await SubmitAsync(worker, "--quiet");

        Assert.Matches(@"^ completed  \d+\.\d s\n$", call.Output);
    }

    [Fact]
    public async Task Submit_QuietJson_WritesOnlyTheResult()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.CompleteAsync();
        });

        var call = await SubmitAsync(worker, "--quiet", "--json");

        Assert.Equal("completed", JsonElement.Parse(Assert.Single(call.Lines)).GetProperty("event").GetString());
    }

    [Fact]
    public async Task Submit_Count_WritesASummary()
    {
        var turns = 0;
        await using var worker = await FakeWorker.StartAsync(
            broker.Amqp, turn => Interlocked.Increment(ref turns) % 4 == 0
                ? turn.StatusAsync("""{"status":"failed","data":"every fourth"}""")
                : turn.CompleteAsync());

        var call = await SubmitAsync(worker, "--count", "40", "--concurrency", "8");

        Assert.Equal(1, call.Code);
        Assert.Equal([" completed  30", " failed     10   first: every fourth", " no answer  0"], call.Lines[..3]);
        Assert.Matches(@"^ total      \d+\.\d s   \d+\.\d jobs/s   p50 \d\.\d{3} s   p99 \d\.\d{3} s$", call.Lines[3]);
    }

    [Fact]
    public async Task Submit_CountAndJson_WritesALinePerJobAndASummary()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());

        var call = await SubmitAsync(worker, "--count", "5", "--json");

        Assert.Equal(0, call.Code);
        Assert.Equal(
            ["completed", "completed", "completed", "completed", "completed", "summary"],
            call.Lines.Select(line => JsonElement.Parse(line).GetProperty("event").GetString()));
    }

    [Fact]
    public async Task Submit_CountWithoutAWorker_StopsAtTheFirstFailure()
    {
        var call = await Call.Async(["submit", .. Nobody, "--count", "100000", Uri]);

        Assert.Equal(2, call.Code);
        Assert.Contains("queue worker.nobody does not exist", call.Output, StringComparison.Ordinal);
        // all jobs wait for the same reason
        Assert.Single(call.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private string Uri => $"--ConnectionStrings:rabbitmq={broker.Amqp.AbsoluteUri}";

    private Task<Call> SubmitAsync(FakeWorker worker, params string[] args) =>
        Call.Async(["submit", "--queue", worker.Queue, "--timeout", "60s", Uri, .. args]);

    /// <summary>What was written, for a test to read while more is written.</summary>
    private sealed class Lines : StringWriter
    {
        public ConcurrentQueue<string> All { get; } = [];

        public override void Write(string? value) => All.Enqueue(value ?? "");
    }
}
