using System.Text.Json;
using My.Step_1.Tests;
using ReWorker.Tests.Requesting;
using Xunit;

namespace ReWorker.Tests.CommandLine;

// one after the other: some close all requesters' connections
[Collection("requesters")]
public sealed class SubmitTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    private static readonly string[] Nobody = ["--queue", "nobody", "--timeout", "1s"];

    [Fact]
    public async Task Submit_CompletedJob_ShowsAllAndEndsWith0()
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
    public async Task Submit_FailedJob_EndsWith1()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.StatusAsync("""{"status":"failed","data":"no\nwidget"}"""));

        var call = await SubmitAsync(worker);

        Assert.Equal(1, call.Code);
        Assert.Matches(@"^ failed     \d+\.\d s   no ⏎ widget\n$", call.Output);
    }

    [Fact]
    public async Task Submit_NoAnswer_EndsWith2()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.StartAsync());

        var call = await Call.Async("submit", "--queue", worker.Queue, "--timeout", "1s", Uri);

        Assert.Equal((2, $"no answer from worker.{worker.Queue} within 1 s: a worker has started it and not finished it\n"), (call.Code, call.Error));
    }

    [Fact]
    public async Task Submit_NoQueue_WaitsForItAndEndsWith2()
    {
        const string why = "queue worker.nobody does not exist: is the worker running, and is this its queue?";

        var call = await Call.Async(["submit", .. Nobody, Uri]);

        Assert.Equal((2, $"waiting: {why}\nno answer from worker.nobody within 1 s: {why}\n"), (call.Code, call.Error));
    }

    [Fact]
    public async Task Submit_WorkerComesLater_IsAnswered()
    {
        var queue = BrokerFixture.UniqueQueue();
        var call = Call.Async("submit", "--queue", queue, "--timeout", "20s", Uri);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Assert.False(call.IsCompleted);

        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync(), queue);

        Assert.Equal(0, (await call).Code);
    }

    [Fact]
    public async Task Submit_NoBroker_EndsWith2AndSaysWhatWasTried()
    {
        var call = await Call.Async("submit", "--queue", "q", "--timeout", "1s", "--ConnectionStrings:rabbitmq=amqp://127.0.0.1:1/");

        Assert.Equal(2, call.Code);
        Assert.Matches(@"^waiting: tried amqp://guest@127\.0\.0\.1:1/%2F 1 time: Connection refused\nno answer from worker\.q within 1 s: tried amqp://guest@127\.0\.0\.1:1/%2F \d times?: Connection refused\n$", call.Error);
    }

    [Fact]
    public async Task Submit_Options_AreLaidOverTheFile()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());
        using var file = new TempFile("\uFEFF" + """{"group":"a","parameters":{"hosts":["x"],"keep":true},"notify":{"failed":{"irc":"#one"}},"own":[1]}""");

        await SubmitAsync(worker, "--job", file.Path, "--group", "g", "--host", "a", "--host", "b", "--subcommand", "Restart",
            "--parameter", "number=1.50", "--parameter", "text=1.5.0", "--parameter", "list=[1]", "--parameter", "quoted=\"1\"", "--parameter", "none=", "--parameter", "at=@x",
            "--dynamic", "environment=dev", "--notify", "failed:irc=#two", "--notify", "completed:email=a@b");

        Assert.Equal(
            """{"group":"g","parameters":{"hosts":["a","b"],"keep":true,"number":1.50,"text":"1.5.0","list":[1],"quoted":"1","none":"","at":"@x","subcommand":"Restart"},"notify":{"failed":{"irc":["#one","#two"]},"completed":{"email":["a@b"]}},"own":[1],"dynamic":{"environment":"dev"}}""",
            worker.Jobs[0].Body);
    }

    [Fact]
    public async Task Submit_ListFromStandardInput_IsSentAsItIs()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());

        var call = await Call.WithInputAsync("[1, 2]", "submit", "--queue", worker.Queue, "--job", "-", Uri);

        Assert.Equal((0, "[1,2]"), (call.Code, worker.Jobs[0].Body));
    }

    [Fact]
    public async Task Submit_Json_IsOneObjectALine()
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
        Assert.Equal(["started", "output", "notification", "completed"], events.Select(one => one.GetProperty("event").GetString()));
        Assert.Equal("[1]", events[3].GetProperty("data").GetRawText());
        Assert.Single(events.Select(one => one.GetProperty("job").GetString()).Distinct());
    }

    [Fact]
    public async Task Submit_Quiet_SaysOnlyHowItEnded()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, async turn =>
        {
            await turn.StartAsync();
            await turn.OutputAsync("x");
            await turn.CompleteAsync();
        });

        Assert.Matches(@"^ completed  \d+\.\d s\n$", (await SubmitAsync(worker, "--quiet")).Output);
    }

    [Fact]
    public async Task Submit_Many_SumsUp()
    {
        var turns = 0;
        await using var worker = await FakeWorker.StartAsync(broker.Amqp,
            turn => Interlocked.Increment(ref turns) % 4 == 0 ? turn.StatusAsync("""{"status":"failed","data":"every fourth"}""") : turn.CompleteAsync());

        var call = await SubmitAsync(worker, "--count", "40", "--concurrency", "8");

        Assert.Equal(1, call.Code);
        Assert.Equal([" completed  30", " failed     10   first: every fourth", " no answer  0"], call.Lines[..3]);
        Assert.Matches(@"^ total      \d+\.\d s   \d+\.\d jobs/s   p50 \d\.\d{3} s   p99 \d\.\d{3} s$", call.Lines[3]);
    }

    [Fact]
    public async Task Submit_ManyAsJson_OneLineAJobAndASummary()
    {
        await using var worker = await FakeWorker.StartAsync(broker.Amqp, turn => turn.CompleteAsync());

        var call = await SubmitAsync(worker, "--count", "5", "--json");

        Assert.Equal(0, call.Code);
        Assert.Equal(["completed", "completed", "completed", "completed", "completed", "summary"], call.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()));
    }

    [Fact]
    public async Task Submit_ManyToNobody_StopsSoon()
    {
        var call = await Call.Async(["submit", .. Nobody, "--count", "100000", Uri]);

        Assert.Equal(2, call.Code);
        Assert.Contains("queue worker.nobody does not exist", call.Output, StringComparison.Ordinal);
    }

    private string Uri => $"--ConnectionStrings:rabbitmq={broker.Amqp.AbsoluteUri}";

    private Task<Call> SubmitAsync(FakeWorker worker, params string[] args) => Call.Async(["submit", "--queue", worker.Queue, "--timeout", "20s", Uri, .. args]);
}
