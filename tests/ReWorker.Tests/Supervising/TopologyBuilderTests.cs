using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Topology;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>What is missing is declared; what the broker refuses fails the start or is logged, once.</summary>
public sealed class TopologyBuilderTests : IDisposable
{
    private const string Look = "QueueDeclarePassiveAsync";
    private const string Declare = "QueueDeclareAsync";
    private const string Bind = "QueueBindAsync";

    private readonly LogRecords _logs = new();
    private readonly ILoggerFactory _loggers;
    private readonly QueueAnswers _broker = new();
    private readonly FakeConnection _connection = FakeConnection.Create();
    private readonly TestRunner _worker = new(options: new WorkerOptions { Queue = "a" });
    private readonly TopologyBuilder _topology;

    public TopologyBuilderTests()
    {
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(_logs));
        _topology = new TopologyBuilder(_loggers.CreateLogger<TopologyBuilder>());
        _connection.OnChannel = _broker.Attach;
    }

    private IEnumerable<FakeCall> Calls => _connection.Channels.SelectMany(channel => channel.Calls);

    public void Dispose()
    {
        _worker.Dispose();
        _loggers.Dispose();
    }

    [Fact]
    public async Task Build_NothingExists_DeclaresAndBindsEverything()
    {
        _broker.Refusals[("ExchangeDeclarePassiveAsync", "re")] = 404;
        Refuse(Look, 404, "worker.a", "worker.a.dead");

        await BuildAsync();

        // exchange, type, durable, autoDelete
        var exchange = Assert.Single(Calls, call => call.Method == "ExchangeDeclareAsync");
        Assert.Equal(["re", "topic", true, false], exchange.Arguments.Take(4));
        // queue, durable, exclusive, autoDelete, arguments; the dead-letter queue first
        var queues = Calls.Where(call => call.Method == Declare).ToList();
        Assert.Equal(["worker.a.dead", "worker.a"], queues.Select(call => call.Arguments[0]));
        Assert.All(queues, call => Assert.Equal([true, false, false], call.Arguments.Skip(1).Take(3)));
        Assert.Same(QueueArguments.DeadQueue, queues[0].Arguments[4]);
        Assert.Equal(
            QueueArguments.JobQueue("worker.a.dead"),
            Assert.IsAssignableFrom<IDictionary<string, object?>>(queues[1].Arguments[4]));
        var binding = Assert.Single(Calls, call => call.Method == Bind);
        Assert.Equal(["worker.a", "re", "worker.a"], binding.Arguments.Take(3));
        Assert.Empty(_logs.All);
        Assert.All(_connection.Channels, channel => Assert.True(channel.IsDisposed));
    }

    [Fact]
    public async Task Build_AWorkerWithFurtherKeys_BindsEachKey()
    {
        using var output = new TestRunner(options: new WorkerOptions { Queue = "output" }, worker: new Keys());

        await _topology.BuildAsync(_connection.Connection, output.Runner, CancellationToken.None);

        Assert.Equal(
            ["worker.output <- worker.output", "worker.output <- output"],
            Calls.Where(call => call.Method == Bind).Select(call => $"{call.Arguments[0]} <- {call.Arguments[2]}"));
    }

    /// <summary>Declaring what exists tells whether its arguments differ. Once is enough.</summary>
    [Fact]
    public async Task Build_EverythingExists_DeclaresItOnce()
    {
        await BuildAsync();
        await BuildAsync();

        Assert.Equal(2, Calls.Count(call => call.Method == Declare));
        Assert.Single(Calls, call => call.Method == "ExchangeDeclareAsync");
        Assert.Equal(2, Calls.Count(call => call.Method == Bind));
        Assert.Empty(_logs.All);
    }

    [Fact]
    public async Task Build_AfterAQueueWasDeleted_DeclaresItAgain()
    {
        await BuildAsync();
        Refuse(Look, 404, "worker.a.dead");
        await BuildAsync();

        Assert.Equal(
            ["worker.a.dead", "worker.a", "worker.a.dead"],
            Calls.Where(call => call.Method == Declare).Select(call => call.Arguments[0]));
    }

    [Fact]
    public async Task Build_ArgumentsDiffer_SaysSoOnce()
    {
        Refuse(Declare, 406, "worker.a");
        await BuildAsync();
        await BuildAsync();

        var record = Assert.Single(_logs.All);
        Assert.Equal(
            (LogId.ExistsWithOtherArguments,
                "The queue worker.a already exists with different arguments and is used as is: no worker.a"),
            (record.Id, record.Message));
    }

    /// <summary>The user may use the queue and not declare it.</summary>
    [Fact]
    public async Task Build_WhatExistsMayNotBeDeclared_SaysNothing()
    {
        Refuse(Declare, 403, "worker.a", "worker.a.dead");

        await BuildAsync();

        Assert.Empty(_logs.All);
    }

    /// <summary>A user that may only consume can't even look.</summary>
    [Fact]
    public async Task Build_TheUserMayNeitherLookNorDeclare_SaysSoOnceAndGoesOn()
    {
        Refuse(Look, 403, "worker.a");
        Refuse(Declare, 403, "worker.a");
        await BuildAsync();
        await BuildAsync();

        Assert.Equal(
            (LogId.CannotDeclare,
                "The queue worker.a is missing and cannot be declared: no worker.a. Jobs that must be parked wait for "
                + "it."),
            Assert.Single(_logs.All.Select(record => (record.Id, record.Message))));
        Assert.Equal(2, Calls.Count(call => call.Method == Bind));
    }

    [Fact]
    public async Task Build_TheQueueIsMissingAndMayNotBeDeclared_Fails()
    {
        Refuse(Look, 404, "worker.a");
        Refuse(Declare, 403, "worker.a");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(BuildAsync);

        Assert.Equal("the queue worker.a is missing and cannot be declared: no worker.a", error.Message);
    }

    [Fact]
    public async Task Build_TheExchangeIsMissingAndMayNotBeDeclared_Fails()
    {
        _broker.Refusals[("ExchangeDeclarePassiveAsync", "re")] = 404;
        _broker.Refusals[("ExchangeDeclareAsync", "re")] = 403;

        var error = await Assert.ThrowsAsync<InvalidOperationException>(BuildAsync);

        Assert.Equal("the exchange re is missing and cannot be declared: no re", error.Message);
    }

    [Fact]
    public async Task Build_TheDeadQueueIsMissingAndMayNotBeDeclared_SaysSoOnceAndGoesOn()
    {
        Refuse(Look, 404, "worker.a.dead");
        Refuse(Declare, 403, "worker.a.dead");
        await BuildAsync();
        await BuildAsync();

        Assert.Contains("The queue worker.a.dead is missing", Assert.Single(_logs.All).Message);
        Assert.Equal(2, Calls.Count(call => call.Method == Bind));
    }

    [Fact]
    public async Task Build_AnotherConnectionHoldsTheQueue_Fails()
    {
        Refuse(Look, 405, "worker.a");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(BuildAsync);

        Assert.Equal("another connection holds the queue worker.a exclusively", error.Message);
    }

    [Fact]
    public async Task Build_TheUserMayNotBind_SaysSoOnceAndGoesOn()
    {
        Refuse(Bind, 403, "worker.a");
        await BuildAsync();
        await BuildAsync();

        Assert.Equal(
            (LogId.CannotBind,
                "The queue worker.a could not be bound to worker.a: no worker.a. It receives only what is sent to it "
                + "by name."),
            Assert.Single(_logs.All.Select(record => (record.Id, record.Message))));
    }

    /// <summary>Only the broker's own refusals count: what else goes wrong is for the supervisor.</summary>
    [Theory]
    [InlineData(399, true)]
    [InlineData(400, false)]
    [InlineData(499, false)]
    [InlineData(500, true)]
    public async Task Build_ACodeThatIsNoRefusal_Fails(int code, bool fails)
    {
        Refuse(Look, (ushort)code, "worker.a.dead");

        var error = await Record.ExceptionAsync(BuildAsync);

        Assert.Equal(fails, error is OperationInterruptedException);
    }

    [Fact]
    public async Task Build_TheConnectionIsClosed_Fails()
    {
        Refuse(Look, 404, "worker.a.dead");
        await _connection.CloseAsync(320, "gone");

        await Assert.ThrowsAsync<OperationInterruptedException>(BuildAsync);
    }

    private Task BuildAsync() =>
        _topology.BuildAsync(_connection.Connection, _worker.Runner, CancellationToken.None);

    private void Refuse(string method, ushort code, params string[] queues)
    {
        foreach (var queue in queues) _broker.Refusals[(method, queue)] = code;
    }

    private sealed class Keys : Worker
    {
        internal override IReadOnlyList<string> RoutingKeys => ["output"];

        protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }
}
