using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Tools.CommandLine;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary><c>submit --count</c>: how many jobs are sent, how many at once, and when it stops.</summary>
public sealed class SubmitManyTests : IAsyncDisposable
{
    private readonly RecordingTime _time = new();
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly FakeSource _source;
    private readonly JobClient _client;
    private readonly Terminal _terminal;
    private readonly List<string> _sent = [];
    private int _created;

    public SubmitManyTests()
    {
        _source = new FakeSource(_time) { OnOpen = connection => connection.OnChannel = Watch };
        _client = new JobClient(
            _source, new JobClientOptions { FollowOutput = false }, TimeSpan.FromSeconds(11), _time,
            NullLogger.Instance);
        _terminal = new Terminal(Stream.Null, TextWriter.Synchronized(_output), TextWriter.Synchronized(_error), false);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>How many jobs have been sent so far.</summary>
    private int Sent
    {
        get { lock (_sent) return _sent.Count; }
    }

    /// <summary>Called with the number of each job that is published, from 1, before the broker confirms it.</summary>
    private Func<int, Task?>? OnJob { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _output.DisposeAsync();
        await _error.DisposeAsync();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(5, 1)]
    [InlineData(9, 4)]
    public async Task RunAsync_CountAndConcurrency_SendsSoManyAndNoMoreAtOnce(int count, int concurrency)
    {
        var run = Many().RunAsync(NextJob, count, concurrency, Cancel);
        for (var answered = 0; answered < count; answered++)
        {
            var expected = Math.Min(count, answered + concurrency);
            await Until.TrueAsync(() => Sent >= expected, "sending");
            Assert.Equal(expected, Sent);
            await ReplyAsync(answered, "completed");
        }

        Assert.Equal(0, await run);
        Assert.Equal(count, Sent);
        Assert.Equal(count, _sent.Distinct().Count());
        Assert.StartsWith(
            $" completed  {count}\n failed     0\n no answer  0\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_SomeFail_GoesOnAndExitsWith1()
    {
        var run = Many().RunAsync(NextJob, 3, 1, Cancel);
        for (var job = 0; job < 3; job++)
        {
            await Until.TrueAsync(() => Sent == job + 1, "sending");
            await ReplyAsync(job, job == 1 ? "completed" : "failed");
        }

        Assert.Equal(1, await run);
        Assert.StartsWith(
            " completed  1\n failed     2   first: reason 0\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_NobodyHasAnswered_StopsAtTheFirstTimeout()
    {
        var run = Many().RunAsync(NextJob, 100, 1, Cancel);
        await Until.TrueAsync(() => Sent == 1, "sending");
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(2, await run);
        Assert.Equal(1, Sent);
        Assert.Contains(
            " no answer  1   first: no answer from worker.q within 5 s: ", _output.ToString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_SomebodyHasAnswered_GoesOnAfterATimeout()
    {
        var run = Many().RunAsync(NextJob, 3, 1, Cancel);
        await Until.TrueAsync(() => Sent == 1, "sending");
        await ReplyAsync(0, "completed");
        await Until.TrueAsync(() => Sent == 2, "sending");
        _time.Advance(TimeSpan.FromSeconds(5));
        await Until.TrueAsync(() => Sent == 3, "sending");
        await ReplyAsync(2, "completed");

        Assert.Equal(2, await run);
        Assert.StartsWith(
            " completed  2\n failed     0\n no answer  1   first: ", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_QueueIsFull_StopsEvenIfSomebodyHasAnswered()
    {
        OnJob = number => number == 2 ? Task.FromException(new PublishException(2, false)) : null;
        var run = Many().RunAsync(NextJob, 100, 1, Cancel);
        await Until.TrueAsync(() => Sent == 1, "sending");
        await ReplyAsync(0, "completed");

        Assert.Equal(2, await run);
        Assert.Equal(2, Sent);
        Assert.StartsWith(
            " completed  1\n failed     0\n"
                + " no answer  1   first: the broker did not accept the job: is queue worker.q full?\n",
            _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Interrupted_SendsNoFurtherJobAndStillWritesTheSummary()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var run = Many().RunAsync(NextJob, 100, 2, stop.Token);
        await Until.TrueAsync(() => Sent == 2, "sending");
        await ReplyAsync(0, "completed");
        await Until.TrueAsync(() => Sent == 3, "sending");

        await stop.CancelAsync();

        Assert.Equal(130, await run);
        Assert.Equal(3, Sent);
        Assert.StartsWith(
            " completed  1\n failed     0\n no answer  0\n total ", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_Json_WritesALinePerJobWithItsOwnTime()
    {
        var run = Many(json: true).RunAsync(NextJob, 2, 1, Cancel);
        for (var job = 0; job < 2; job++)
        {
            await Until.TrueAsync(() => Sent == job + 1, "sending");
            _time.Advance(TimeSpan.FromSeconds(job + 1));
            await ReplyAsync(job, job == 0 ? "completed" : "failed");
        }

        Assert.Equal(1, await run);
        Assert.Equal(
            $$"""
            {"event":"completed","job":"{{_sent[0]}}","seconds":1}
            {"event":"failed","job":"{{_sent[1]}}","seconds":2,"reason":"reason 1"}
            {"event":"summary","completed":1,"failed":1,"noAnswer":0,"seconds":3,"jobsPerSecond":0.7,"p50":1,"p99":2}

            """.ReplaceLineEndings("\n"),
            _output.ToString());
    }

    /// <summary>Connecting takes no part of the first jobs' times, and the time limit covers it.</summary>
    [Fact]
    public async Task RunAsync_BrokerDoesNotAnswer_EndsAfterTheJobsTimeout()
    {
        _source.OnOpen = _ => throw new IOException("down");

        var run = Many().RunAsync(NextJob, 2, 1, Cancel);
        for (var i = 0; i < 1000 && !run.IsCompleted; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, Cancel);
        }

        var error = await Assert.ThrowsAsync<TimeoutException>(() => run);
        Assert.StartsWith("not connected within 5 s: tried amqp://guest@", error.Message, StringComparison.Ordinal);
        Assert.Equal(("", 0), (_output.ToString(), Sent));
    }

    [Fact]
    public async Task RunAsync_NoTerminal_ShowsTheProgressEvery10Seconds()
    {
        var run = Many().RunAsync(() => NextJob(TimeSpan.FromMinutes(5)), 3, 3, Cancel);
        await Until.TrueAsync(() => Sent == 3, "sending");
        await _time.TimerAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("", _error.ToString());
        _time.Advance(TimeSpan.FromSeconds(10));
        await _time.TimerAsync(TimeSpan.FromSeconds(10), count: 2);
        for (var job = 0; job < 3; job++) await ReplyAsync(job, "completed");
        await run;

        Assert.Equal("0 of 3 jobs\n", _error.ToString());
    }

    private SubmitMany Many(bool json = false) => new(
        _client,
        json ? new JsonEventWriter(_terminal, isQuiet: false) : new TextEventWriter(_terminal, isQuiet: false),
        _terminal, _time);

    private JobRequest NextJob() => NextJob(TimeSpan.FromSeconds(5));

    private JobRequest NextJob(TimeSpan timeout) =>
        new() { Queue = "q", CorrelationId = $"job-{Interlocked.Increment(ref _created)}", Timeout = timeout };

    private void Watch(FakeChannel channel) => channel.OnCall = call =>
    {
        if (call.Method is not "BasicPublishAsync") return null;
        int number;
        lock (_sent)
        {
            _sent.Add(((IReadOnlyBasicProperties)call.Arguments[3]!).CorrelationId!);
            number = _sent.Count;
        }
        return OnJob?.Invoke(number);
    };

    /// <summary>A worker answers the job.</summary>
    private async Task ReplyAsync(int job, string status)
    {
        var replies = _source.Connections.SelectMany(connection => connection.Channels)
            .Last(channel => channel.Consumer is not null);
        var data = status is "failed" ? $",\"data\":\"reason {job}\"" : "";
        var body = Encoding.UTF8.GetBytes($"{{\"status\":\"{status}\"{data}}}");
        string id;
        lock (_sent) id = _sent[job];
        await replies.DeliverAsync((ulong)job + 1, body, new BasicProperties { CorrelationId = id });
    }
}
