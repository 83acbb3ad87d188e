using System.Diagnostics;
using System.Text;
using ReWorker.Deliveries;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A job's span and its messages continue the requester's trace.</summary>
public sealed class JobTraceTests : IDisposable
{
    private readonly JobBench _bench = new((job, _) => job.Group == "bad"
        ? throw new InvalidOperationException("no")
        : Task.FromResult<object?>(null));
    private readonly ActivityTraceId _trace = ActivityTraceId.CreateRandom();

    private string Parent => $"00-{_trace}-b7ad6b7169203331-01";

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Start_NobodyListens_MessagesCarryTheRequestersContext(bool asBytes)
    {
        var messages = Start(Value(Parent, asBytes), Value("vendor=1", asBytes));

        Assert.Equal((Parent, "vendor=1"), (messages.TraceParent, messages.TraceState));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("00-broken-01")]
    [InlineData(7)]
    public void Start_NoUsableParent_MessagesCarryANewTrace(object? parent)
    {
        var (first, second) = (Start(parent), Start(parent));

        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", first.TraceParent);
        Assert.NotEqual(first.TraceParent![3..35], second.TraceParent![3..35]);
        Assert.Null(first.TraceState);
    }

    [Theory]
    [InlineData(511, true)]
    [InlineData(512, true)]
    [InlineData(513, false)]
    public void Start_LongTraceState_IsDroppedOverTheLimit(int length, bool isKept)
    {
        var state = $"v={new string('x', length - 2)}";

        var messages = Start(Parent, state);

        Assert.Equal((Parent, isKept ? state : null), (messages.TraceParent, messages.TraceState));
    }

    [Fact]
    public void Start_NoHeaders_StartsATrace()
    {
        var messages = new JobMessages(_bench.Bus, null, null, "app", _bench.Time);

        JobTrace.Start(_bench.Deliver(), "worker.frob", messages)?.Dispose();

        Assert.NotNull(messages.TraceParent);
    }

    [Fact]
    public async Task Span_OfAJob_HasTheConventionsTags()
    {
        using var spans = Listen(out var ended);
        var headers = new Dictionary<string, object?>
        {
            ["traceparent"] = Parent, ["tracestate"] = "vendor=1", ["x-delivery-count"] = 2L,
        };
        var first = _bench.Deliver("{ }", redelivered: true, headers);

        var job = await _bench.RunAsync(first);

        var span = Assert.Single(ended);
        Assert.Equal(
            ("process worker.frob", ActivityKind.Consumer, _trace, "b7ad6b7169203331", ActivityStatusCode.Unset),
            (span.DisplayName, span.Kind, span.TraceId, span.ParentSpanId.ToHexString(), span.Status));
        Assert.Equal(("vendor=1", true), (span.TraceStateString, span.HasRemoteParent));
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["messaging.system"] = "rabbitmq",
                ["messaging.operation.type"] = "process",
                ["messaging.operation.name"] = "process",
                ["messaging.destination.name"] = "worker.frob",
                ["messaging.message.conversation_id"] = "job",
                ["messaging.message.body.size"] = 3,
                ["messaging.rabbitmq.destination.routing_key"] = "worker.frob",
                ["messaging.rabbitmq.message.delivery_tag"] = (long)first.Info.DeliveryTag,
                ["reworker.attempt"] = 3,
            },
            span.TagObjects.ToDictionary());
        Assert.Equal((span.Id, "vendor=1"), (job.Messages.TraceParent, job.Messages.TraceState));
    }

    [Theory]
    [InlineData("""{"group":"bad"}""", "failed", "no")]
    [InlineData("7", "invalid", "the job's body can't be read: it is a number; allowed: an object or a list")]
    public async Task Span_OfAJobThatFails_HasTheError(string body, string type, string reason)
    {
        using var spans = Listen(out var ended);

        await _bench.RunAsync(_bench.Deliver(body, headers: new() { ["traceparent"] = Parent }));

        var span = Assert.Single(ended);
        Assert.Equal((ActivityStatusCode.Error, reason), (span.Status, span.StatusDescription));
        Assert.Equal(type, span.GetTagItem("error.type"));
    }

    /// <summary>The span covers the step's code; the reply is sent, and may be held up, after it.</summary>
    [Fact]
    public async Task Span_OfAJob_EndsWithTheCode()
    {
        using var spans = Listen(out var ended);
        var job = _bench.Start(_bench.Deliver(headers: new() { ["traceparent"] = Parent }));

        Assert.Equal(OutcomeKind.Completed, (await _bench.ExecuteAsync(job)).Kind);

        Assert.Single(ended);
    }

    private ActivityListener Listen(out List<Activity> ended)
    {
        var stopped = ended = [];
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Traces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.TraceId == _trace
                ? ActivitySamplingResult.AllDataAndRecorded
                : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.TraceId == _trace) stopped.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static object Value(string text, bool asBytes) => asBytes ? Encoding.UTF8.GetBytes(text) : text;

    private JobMessages Start(object? parent, object? state = null)
    {
        var headers = new Dictionary<string, object?> { ["traceparent"] = parent, ["tracestate"] = state };
        var messages = new JobMessages(_bench.Bus, null, null, "app", _bench.Time);
        JobTrace.Start(_bench.Deliver(headers: headers), "worker.frob", messages)?.Dispose();
        return messages;
    }
}
