using System.Globalization;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Tests.Fakes;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>No parked job is lost: it is acknowledged after its copy was confirmed, or to drop it.</summary>
public sealed class DeadQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly FakeConnection _connection = FakeConnection.Create();
    private readonly FakeChannel _channel = FakeChannel.Create();
    private readonly FakeTimeProvider _time = new();
    private readonly Queue<BasicGetResult> _parked = new();

    public DeadQueueTests() => _channel.OnResult = call => call.Method switch
    {
        "BasicGetAsync" when _parked.TryDequeue(out var message) => message,
        _ => null,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReadAsync_JobsWithFewReads_LeavesThemWhereTheyAre()
    {
        Park(0, 1, 0);

        var jobs = await ReadAllAsync(Queue());

        Assert.Equal([1, 2, 3], jobs.Select(job => job.Number));
        Assert.Equal(["BasicGetAsync", "BasicGetAsync", "BasicGetAsync"], _channel.Calls.Select(call => call.Method));
        Assert.All(
            _channel.CallsOf("BasicGetAsync"), call => Assert.Equal(("worker.q.dead", false), (call[0], call[1])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReadAsync_MoreJobsThanWereCounted_ReadsOnlyThoseCounted(uint count)
    {
        Park(0, 0, 0);

        Assert.Equal(count, (uint)(await ReadAllAsync(Queue(count))).Count);

        Assert.Equal(3 - (int)count, _parked.Count);
    }

    [Fact]
    public async Task ReadAsync_FewerJobsThanWereCounted_EndsWithTheLast()
    {
        Park(0, 0);

        Assert.Equal(2, (await ReadAllAsync(Queue(count: 9))).Count);

        Assert.Equal(3, _channel.CallsOf("BasicGetAsync").Count());
    }

    /// <summary>The broker would drop it after more reads. All jobs behind it follow, which keeps the order.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(19)]
    public async Task ReadAsync_JobThatWasReadTwice_PublishesItAndAllBehindItAgain(long reads)
    {
        Park(1, reads, 0);

        await ReadAllAsync(Queue());

        Assert.Equal(
            [
                "BasicGetAsync", "BasicGetAsync", "BasicPublishAsync worker.q.dead job-2", "BasicAckAsync 2",
                "BasicGetAsync", "BasicPublishAsync worker.q.dead job-3", "BasicAckAsync 3",
            ],
            Steps());
        Assert.All(_channel.Published, message => Assert.Equal(("", true), (message.Exchange, message.Mandatory)));
        Assert.All(_channel.Published, message => Assert.Equal("m", message.Properties.MessageId));
        Assert.Equal("{}", Encoding.UTF8.GetString(_channel.Published[0].Body));
    }

    [Fact]
    public async Task ReadAsync_JobThatTheCallerHasSettled_IsNotPublishedAgain()
    {
        Park(5, 5);
        var queue = Queue();

        await foreach (var job in queue.ReadAsync(Cancel))
            if (job.Number == 1) await queue.DropAsync(job);

        Assert.Equal(
            [
                "BasicGetAsync", "BasicAckAsync 1",
                "BasicGetAsync", "BasicPublishAsync worker.q.dead job-2", "BasicAckAsync 2",
            ],
            Steps());
    }

    [Fact]
    public async Task ReadAsync_Cancelled_ReadsNoFurtherJob()
    {
        Park(0, 0);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var queue = Queue();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in queue.ReadAsync(stop.Token)) await stop.CancelAsync();
        });

        Assert.Equal(["BasicGetAsync"], Steps());
    }

    [Fact]
    public async Task ReadAsync_BrokerDoesNotAnswer_EndsAfterALimit()
    {
        _channel.OnCall = _ => new TaskCompletionSource().Task;

        var reading = ReadAllAsync(Queue(count: 1));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(reading.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(4));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => reading.WaitAsync(Patience, Cancel));
        Assert.Equal("reading worker.q.dead took longer than 30 s", error.Message);
    }

    [Fact]
    public async Task ReplayAsync_NotYetConfirmed_DoesNotAcknowledgeTheParkedJob()
    {
        var confirm = new TaskCompletionSource();
        _channel.OnCall = call => call.Method is "BasicPublishAsync" ? confirm.Task : null;

        var replaying = Queue().ReplayAsync(Parked.Job(7));
        Assert.Equal(["BasicPublishAsync worker.q job"], Steps());
        Assert.False(replaying.IsCompleted);
        confirm.SetResult();
        await replaying;

        Assert.Equal(["BasicPublishAsync worker.q job", "BasicAckAsync 7"], Steps());
        var message = Assert.Single(_channel.Published);
        Assert.Equal(("", true), (message.Exchange, message.Mandatory));
        Assert.StartsWith("replay:", message.Properties.MessageId, StringComparison.Ordinal);
        Assert.Equal(false, _channel.CallsOf("BasicAckAsync").Single()[1]);
    }

    [Theory]
    [InlineData(true, "no queue worker.q to replay to: a worker creates it when it starts")]
    [InlineData(false, "the queue worker.q is full and rejects jobs")]
    public async Task ReplayAsync_BrokerDoesNotTakeIt_KeepsTheParkedJob(bool isReturned, string expected)
    {
        _channel.OnCall = call =>
            call.Method is "BasicPublishAsync" ? Task.FromException(new PublishException(1, isReturned)) : null;

        var error = await Assert.ThrowsAsync<UsageException>(() => Queue().ReplayAsync(Parked.Job()));

        Assert.Equal(expected, error.Message);
        Assert.Empty(_channel.CallsOf("BasicAckAsync"));
    }

    [Fact]
    public async Task ReplayAsync_NoConfirm_KeepsTheParkedJobAndSaysWhereACopyMayBe()
    {
        var job = Parked.Job();
        _channel.OnCall = call => call.Method is "BasicPublishAsync" ? new TaskCompletionSource().Task : null;

        var replaying = Queue().ReplayAsync(job);
        _time.Advance(TimeSpan.FromSeconds(33));

        var error = await Assert.ThrowsAsync<TimeoutException>(() => replaying.WaitAsync(Patience, Cancel));
        Assert.Equal(
            "publishing to worker.q took longer than 30 s; has the broker raised an alarm? "
                + $"job {job.Id} may be in worker.q: look there before trying again",
            error.Message);
        Assert.Empty(_channel.CallsOf("BasicAckAsync"));
    }

    /// <summary>A copy in the worker's queue must not be followed by another one in the dead-letter queue.</summary>
    [Fact]
    public async Task ReplayAsync_WhileReading_IsNotPublishedAgain()
    {
        Park(5);
        var queue = Queue();

        await foreach (var job in queue.ReadAsync(Cancel)) await queue.ReplayAsync(job);

        Assert.Equal(["BasicGetAsync", "BasicPublishAsync worker.q job-1", "BasicAckAsync 1"], Steps());
    }

    [Fact]
    public async Task FlushAsync_AfterAcknowledgements_WaitsForTheBrokersAnswer()
    {
        var answer = new TaskCompletionSource();
        _channel.OnCall = _ => answer.Task;

        var flushing = Queue().FlushAsync();

        Assert.False(flushing.IsCompleted);
        answer.SetResult();
        await flushing;
        Assert.Equal("worker.q.dead", Assert.Single(_channel.CallsOf("QueueDeclarePassiveAsync"))[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DisposeAsync_OpenOrLost_ClosesInOrderAndFreesTheConnection(bool isLost)
    {
        _channel.OnCall = call =>
            isLost && call.Method is "CloseAsync" ? Task.FromException(FakeChannel.Refusal(320, "gone")) : null;

        await Queue().DisposeAsync();

        Assert.Equal(["CloseAsync"], _channel.Calls.Select(call => call.Method));
        Assert.Equal(
            isLost ? ["DisposeAsync"] : ["CloseAsync", "DisposeAsync"], _connection.Calls.Select(call => call.Method));
    }

    private DeadQueue Queue(uint? count = null) => new(
        _connection.Connection, _channel.Channel, "worker.q", "worker.q.dead", count ?? (uint)_parked.Count, _time);

    private void Park(params long[] reads)
    {
        foreach (var (index, count) in reads.Index())
            _parked.Enqueue(Parked.Message((ulong)index + 1, $"job-{index + 1}", null, ("x-delivery-count", count)));
    }

    private static async Task<List<DeadJob>> ReadAllAsync(DeadQueue queue)
    {
        var jobs = new List<DeadJob>();
        await foreach (var job in queue.ReadAsync(Cancel)) jobs.Add(job);
        return jobs;
    }

    /// <summary>The calls, with what was published where, and which delivery was acknowledged.</summary>
    private IEnumerable<string> Steps() => _channel.Calls.Select(call => call.Method switch
    {
        "BasicPublishAsync" =>
            $"{call.Method} {call.Arguments[1]} {((IReadOnlyBasicProperties)call.Arguments[3]!).CorrelationId}",
        "BasicAckAsync" => string.Create(CultureInfo.InvariantCulture, $"{call.Method} {call.Arguments[0]}"),
        _ => call.Method,
    });
}
