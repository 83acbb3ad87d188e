using System.Diagnostics;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>The requester's spans. Runs alone, since it sets an environment variable.</summary>
[Collection("alone")]
public sealed class SpanTests : IDisposable
{
    private const string Variable = "TRACEPARENT";
    private const string Trace = "7c2f8a53cbd54bd2ae4a9f0d5a5f0002", Caller = "b7ad6b7169203331";

    private readonly string? _before = Environment.GetEnvironmentVariable(Variable);

    public void Dispose() => Environment.SetEnvironmentVariable(Variable, _before);

    [Fact]
    public void StartSend_Job_HasTheConventionsTags()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "ReWorker",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);

        using var span = Traces.StartSend("worker.q", "the message", "the release");

        Assert.Equal(("send worker.q", ActivityKind.Producer), (span!.DisplayName, span.Kind));
        Assert.Equal(
            [
                "messaging.destination.name worker.q", "messaging.message.conversation_id the release",
                "messaging.message.id the message", "messaging.operation.name send", "messaging.operation.type send",
                "messaging.system rabbitmq",
            ],
            span.TagObjects.Select(tag => $"{tag.Key} {tag.Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void StartSend_NobodyListens_IsNull() => Assert.Null(Traces.StartSend("worker.q", "m", "c"));

    [Theory]
    [InlineData("01", ActivityTraceFlags.Recorded)]
    [InlineData("00", ActivityTraceFlags.None)]
    public void StartCommand_TraceParent_IsItsParent(string flags, ActivityTraceFlags expected)
    {
        Environment.SetEnvironmentVariable(Variable, $"00-{Trace}-{Caller}-{flags}");

        using var command = Traces.StartCommand("submit");

        Assert.Equal(("submit", Activity.Current), (command.OperationName, command));
        Assert.Equal((Trace, Caller), (command.TraceId.ToHexString(), command.ParentSpanId.ToHexString()));
        Assert.Equal(expected, command.ActivityTraceFlags);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("nonsense")]
    public void StartCommand_NoTraceParent_StartsANewTrace(string? parent)
    {
        Environment.SetEnvironmentVariable(Variable, parent);

        using var command = Traces.StartCommand("submit");

        Assert.Equal(default, command.ParentSpanId);
        Assert.NotEqual(default, command.TraceId);
        Assert.Equal(ActivityTraceFlags.Recorded, command.ActivityTraceFlags);
    }
}
