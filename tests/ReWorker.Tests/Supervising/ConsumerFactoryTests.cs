using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using ReWorker.Consuming;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>Consumers are started with the right arguments, watched, cancelled and flushed.</summary>
public sealed class ConsumerFactoryTests : IDisposable
{
    private readonly FakeSource _source = new(TimeProvider.System);
    private readonly ConsumerFactory _factory = new();
    private readonly TestRunner _first =
        new(options: new WorkerOptions { Queue = "a", Concurrency = 4, Prefetch = 10 });
    private readonly TestRunner _second = new(options: new WorkerOptions { Queue = "b", Concurrency = 2 });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task Start_OfAConsumer_SetsThePrefetchBeforeItConsumes()
    {
        var consumers = await OpenAsync();

        await _factory.StartAsync(consumers, _first.Runner, Cancel);

        var channel = Assert.Single(_source.Consumes.Channels);
        Assert.Equal(["BasicQosAsync", "BasicConsumeAsync"], channel.Calls.Select(call => call.Method));
        Assert.Equal([0u, (ushort)10, false], channel.Calls[0].Arguments.Take(3));
        var consumer = Assert.Single(consumers.All);
        // queue, autoAck, tag, noLocal, exclusive, arguments, consumer
        Assert.Equal(["worker.a", false, consumer.Tag, false, false], channel.Calls[1].Arguments.Take(5));
        var arguments = Assert.IsAssignableFrom<IDictionary<string, object?>>(channel.Calls[1].Arguments[5]);
        Assert.Equal(["x-consumer-timeout"], arguments.Keys);
        Assert.Same(consumer, channel.Consumer);
        Assert.Same(_first.Runner, consumer.Runner);
    }

    [Fact]
    public async Task Start_TheBrokerRejectsTheTimeout_ConsumesWithoutItFromThenOn()
    {
        RejectTimeout(406);
        await _factory.StartAsync(await OpenAsync(), _first.Runner, Cancel);
        await _factory.StartAsync(await OpenAsync(), _first.Runner, Cancel);
        await _factory.StartAsync(await OpenAsync(), _second.Runner, Cancel);

        Assert.Equal(
            ["worker.a with", "worker.a without", "worker.a without", "worker.b with", "worker.b without"],
            Consumed());
    }

    [Fact]
    public async Task Start_TheBrokerRefusesForAnotherReason_Fails()
    {
        RejectTimeout(403);
        var consumers = await OpenAsync();

        await Assert.ThrowsAsync<OperationInterruptedException>(
            () => _factory.StartAsync(consumers, _first.Runner, Cancel));

        Assert.Equal(["worker.a with"], Consumed());
        Assert.Empty(consumers.All);
    }

    [Fact]
    public async Task Consumers_AChannelIsClosed_EndTheEpoch()
    {
        var consumers = await OpenAsync();
        await _factory.StartAsync(consumers, _first.Runner, Cancel);
        await _factory.StartAsync(consumers, _second.Runner, Cancel);

        await _source.Consumes.Channels[1].CloseAsync(406, "PRECONDITION_FAILED - delivery acknowledgement timed out");

        Assert.Equal(
            new Loss(
                LossReason.Channel,
                "PRECONDITION_FAILED - delivery acknowledgement timed out (406, closed by the broker)"),
            await consumers.Epoch.Loss.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public async Task Cancel_OfAllConsumers_TellsTheBrokerAndShowsIt()
    {
        var consumers = await OpenAsync();
        await _factory.StartAsync(consumers, _first.Runner, Cancel);
        await _factory.StartAsync(consumers, _second.Runner, Cancel);
        var before = consumers.IsStopping;

        await consumers.CancelAsync(Cancel);

        Assert.Equal((false, true), (before, consumers.IsStopping));
        Assert.Equal(
            consumers.All.Select(consumer => consumer.Tag),
            _source.Consumes.Channels.SelectMany(channel => channel.CallsOf("BasicCancelAsync"))
                .Select(call => call[0]));
    }

    [Fact]
    public async Task Flush_OfAllConsumers_WaitsForTheLast()
    {
        var consumers = await OpenAsync();
        var written = new TaskCompletionSource();
        _source.Consumes.OnChannel = channel =>
            channel.OnCall = call => call.Method == "BasicAckAsync" ? written.Task : null;
        _second.Runner.Start();
        await _factory.StartAsync(consumers, _first.Runner, Cancel);
        await _factory.StartAsync(consumers, _second.Runner, Cancel);
        await _source.Consumes.Channels[1].DeliverAsync(1, "{}"u8.ToArray());
        await Until.TrueAsync(() => _source.Consumes.Channels[1].CallsOf("BasicAckAsync").Any(), "the ack");

        var flush = consumers.FlushAsync(Cancel);

        Assert.False(flush.IsCompleted);
        written.SetResult();
        await flush.WaitAsync(TimeSpan.FromSeconds(10), Cancel);
    }

    private async Task<EpochConsumers> OpenAsync() => new(await _source.OpenEpochAsync(TimeProvider.System));

    private void RejectTimeout(ushort code) => _source.OnOpen = connection => connection.OnChannel = channel =>
        channel.OnCall = call => call is { Method: "BasicConsumeAsync", Arguments: [_, _, _, _, _, not null, ..] }
            ? Task.FromException(FakeChannel.Refusal(code, "PRECONDITION_FAILED - x-consumer-timeout"))
            : null;

    private IEnumerable<string> Consumed() =>
        from connection in _source.Connections
        from channel in connection.Channels
        from call in channel.CallsOf("BasicConsumeAsync")
        select $"{call[0]} {(call[5] is null ? "without" : "with")}";
}
