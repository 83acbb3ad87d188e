using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using ReWorker.Client;
using ReWorker.Deliveries;
using ReWorker.Telemetry;
using ReWorker.Tests.CommandLine;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Output;
using ReWorker.Tests.Requesting;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>A job is one trace, from the requester to its output, however often it is delivered.</summary>
public sealed class TraceTests(OutputBus bus) : ContractTest<OutputBus>(bus)
{
    [Fact]
    public async Task Job_DeliveredTwice_IsOneTraceFromRequesterToOutput()
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        var directory = Directory.CreateTempSubdirectory("reworker-traced-");
        using var release = new Activity("release") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        using var spans = new Spans(release.TraceId);
        await using var output = await RunningWorker.StartAsync(
            Bus, OutputWorker.Add, Cancel, ("OutputWorker:Directory", directory.FullName));
        await using var client = new JobClient(Bus.Amqp.AbsoluteUri);

        // the first worker never ends the job; the second does
        await using var wire = new TestWire(Bus.Amqp);
        await using var doomed = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, ("Worker:Queue", name), wire.Setting);
        doomed.KeepQueues = true;
        var result = client.RunAsync(new JobRequest { Queue = name, Parameters = new JsonObject() }, Cancel);
        await UntilAsync(() => doomed.IsBusy);
        wire.Cut(stayDown: true);
        await doomed.StopAsync();
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            return null;
        }, ("Worker:Queue", name));
        await result;
        await UntilAsync(() => spans.Of("process worker.output").Count == 1);

        var send = Assert.Single(spans.Of($"send worker.{name}"));
        Assert.Equal((release.SpanId, ActivityKind.Producer), (send.ParentSpanId, send.Kind));
        var attempts = spans.Of($"process worker.{name}").OrderBy(one => one.StartTimeUtc).ToList();
        Assert.Equal([1, 2], attempts.Select(one => (int)one.GetTagItem("reworker.attempt")!));
        Assert.All(attempts, one => Assert.Equal((send.SpanId, ActivityKind.Consumer), (one.ParentSpanId, one.Kind)));
        Assert.Equal(attempts[1].SpanId, spans.Of("process worker.output").Single().ParentSpanId);
        Assert.Equal(4, spans.All.Count);
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Job_Failed_HasASpanWithTheError()
    {
        using var release = new Activity("release") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();
        using var spans = new Spans(release.TraceId);
        await using var worker = await StartAsync(_ => throw new InvalidOperationException("no"));
        await using var client = new JobClient(Bus.Amqp.AbsoluteUri);

        await Assert.ThrowsAsync<JobFailedException>(
            () => client.RunAsync(new JobRequest { Queue = worker.Name }, Cancel));
        await UntilAsync(() => spans.Of($"process {worker.Queue}").Count == 1);

        var span = spans.Of($"process {worker.Queue}")[0];
        Assert.Equal((ActivityStatusCode.Error, "no"), (span.Status, span.StatusDescription));
        // the names follow OpenTelemetry's conventions for messaging
        var tags = span.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value);
        Assert.Equal("rabbitmq", tags["messaging.system"]);
        Assert.Equal("process", tags["messaging.operation.type"]);
        Assert.Equal("process", tags["messaging.operation.name"]);
        Assert.Equal(worker.Queue, tags["messaging.destination.name"]);
        Assert.Equal("failed", tags["error.type"]);
        string[] others =
        [
            "messaging.message.id", "messaging.message.conversation_id",
            "messaging.rabbitmq.destination.routing_key", "messaging.rabbitmq.message.delivery_tag",
        ];
        Assert.All(others, key => Assert.Contains(key, tags));
    }

    [Fact]
    public async Task Submit_TraceParentInTheEnvironment_ContinuesThatTrace()
    {
        const string trace = "7c2f8a53cbd54bd2ae4a9f0d5a5f0001";
        await using var worker = await FakeWorker.StartAsync(Bus.Amqp, turn => turn.CompleteAsync());
        Environment.SetEnvironmentVariable("TRACEPARENT", $"00-{trace}-b7ad6b7169203331-01");

        var call = await Call.Async(
            "submit", "--queue", worker.Queue, $"--ConnectionStrings:rabbitmq={Bus.Amqp.AbsoluteUri}");
        Environment.SetEnvironmentVariable("TRACEPARENT", null);

        Assert.Equal(0, call.Code);
        var parent = Encoding.UTF8.GetString((byte[])worker.Jobs[0].Job.Headers!["traceparent"]!);
        Assert.StartsWith($"00-{trace}-", parent, StringComparison.Ordinal);
    }
}
