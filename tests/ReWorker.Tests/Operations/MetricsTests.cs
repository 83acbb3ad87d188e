using System.Diagnostics;
using System.Text;
using System.Text.Json;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>After faults, /metrics counts exactly what was injected.</summary>
public sealed class MetricsTests(PikaBus bus) : ContractTest(bus)
{
    private const string Good = """{"parameters":{"hosts":["a"],"seconds":SECONDS},"dynamic":{"environment":"dev"}}""";
    private const string Failing = """{"parameters":{"subcommand":"Fail"},"dynamic":{"environment":"dev"}}""";

    private readonly List<ReceivedMessage> _heard = [];

    [Fact]
    public async Task Metrics_AfterFaults_CountWhatWasInjected()
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        var (queue, dead) = ($"worker.{name}", $"worker.{name}.dead");
        await using var wire = new TestWire(Bus.Amqp);
        await using var session = await Bus.OpenAsync();
        await LeaveAJobOfADeadWorkerAsync(session, name);
        await using var step = await StepProcess.StartAsync(
            $"Consuming from {queue}", wire.Setting, ("Worker:Queue", name), ("Broker:MaxBackoff", "00:00:01"));

        // one was left; four run to their end, two fail, one lacks a value, two can't be read, for one nobody waits
        _heard.AddRange(await session.ReceiveUntilTerminalAsync(Cancel));
        for (var i = 0; i < 4; i++) await RunAsync(session, name, Job(0));
        for (var i = 0; i < 2; i++) await RunAsync(session, name, Failing);
        await RunAsync(session, name, "{}");
        for (var i = 0; i < 2; i++) await RunAsync(session, name, "{");
        session.SendRaw(
            name, Encoding.UTF8.GetBytes(Job(0)),
            new() { ["correlation_id"] = $"nobody-{name}", ["reply_to"] = "amq.gen-nobody" });
        for (var i = 0; i < 2; i++) _heard.Add(await session.NextAsync(Cancel));
        await UntilAsync(async () => (await step.MetricsAsync()).Sum("reworker_publish_unroutable_total") == 2);

        // the connection is lost under a job that runs, and under one that has ended and is not acknowledged
        // (on a busy machine, the first must last until the worker is back)
        session.Send(name, Job(4));
        _heard.Add(await session.NextAsync(Cancel));
        await wire.WaitUntilQuietAsync(Cancel);
        wire.Cut();
        _heard.AddRange(await session.ReceiveUntilTerminalAsync(Cancel));
        await ConsumesAsync(step, times: 2);
        await wire.WaitUntilQuietAsync(Cancel);
        wire.HoldAcks();
        await RunAsync(session, name, Job(0));
        await wire.WaitUntilQuietAsync(Cancel);
        wire.Cut();
        await ConsumesAsync(step, times: 3);
        await wire.WaitUntilQuietAsync(Cancel);

        // and once more, for longer than the pauses between the attempts to connect
        var outagesBefore = (await step.MetricsAsync()).Sum("reworker_outage_duration_seconds_sum");
        var cut = Stopwatch.StartNew();
        wire.Cut(stayDown: true);
        await UntilAsync(() => step.Count("Lost the connection") == 3);
        var lost = Stopwatch.StartNew();
        await UntilAsync(() => step.Count("Could not connect") >= 3);
        var away = await step.MetricsAsync();
        var unready = await step.GetAsync("/health/ready");
        var minOutage = lost.Elapsed.TotalSeconds;
        wire.Resume();
        await ConsumesAsync(step, times: 4);
        await UntilAsync(async () => (await step.MetricsAsync()).Sum("reworker_queue_messages", ("queue", dead)) == 2);

        var metrics = await step.MetricsAsync();
        var maxOutage = cut.Elapsed.TotalSeconds;
        Assert.Equal(
            (0, 0, 503),
            (away.Sum("reworker_connection_up"), away.Sum("reworker_consuming", ("queue", queue)), unready.Code));
        Assert.Equal((8, 2, 3), (Jobs("completed"), Jobs("failed"), Jobs("invalid")));
        Assert.Equal(13, Sum("jobs_total", ("worker", "MyStep1Worker")));
        Assert.Equal((8, 2, 3), (Took(""), Took("failed"), Took("invalid")));
        Assert.Equal(
            (12, 1, 1, 1),
            (Deliveries("fresh"), Deliveries("redelivered"), Deliveries("adopted"), Deliveries("duplicate")));
        Assert.Equal((3, 3), (Sum("reconnects_total"), Sum("outage_duration_seconds_count")));
        Assert.InRange(Sum("outage_duration_seconds_sum") - outagesBefore, minOutage, maxOutage);
        Assert.Equal(step.Count("Could not connect"), Sum("connect_failures_total"));
        Assert.Equal((2, 2, 0), (Sum("jobs_parked_total"), Waiting(dead), Waiting(queue)));
        Assert.Equal((2, 2), (Sum("publish_unroutable_total", ("kind", "status")), Sent("unroutable")));
        // every message that was heard, and two that were parked; one whose confirm was lost came twice
        var heard = _heard.DistinctBy(one => one.Property("message_id")).Count();
        Assert.Equal((heard + 2, 0), (Sent(""), Sent("nacked")));
        Assert.Equal(
            (1, 1, 0, 0), (Sum("connection_up"), Sum("consuming"), Sum("publish_blocked"), Sum("jobs_in_flight")));
        AssertPage(metrics);
        AssertUnready(unready.Body, queue);
        await Bus.DeleteAsync(queue, dead);

        double Sum(string name, params (string, string)[] labels) => metrics.Sum($"reworker_{name}", labels);
        double Waiting(string name) => Sum("queue_messages", ("queue", name));
        double Jobs(string outcome) => Sum("jobs_total", ("outcome", outcome));
        double Deliveries(string kind) => Sum("deliveries_total", ("kind", kind));
        double Took(string error) => metrics.Sum(
            "messaging_process_duration_seconds_count", ("messaging_destination_name", queue),
            ("messaging_system", "rabbitmq"), ("messaging_operation_name", "process"), ("error_type", error));
        double Sent(string error) => metrics.Sum(
            "messaging_client_sent_messages_total", ("messaging_system", "rabbitmq"), ("error_type", error));
    }

    /// <summary>docs/operating.md has each metric with its type and its labels, and no other.</summary>
    private static void AssertPage(Metrics metrics)
    {
        string[] everywhere = ["otel_scope_name", "otel_scope_version", "otel_scope_schema_url", "le"];
        var there =
            from type in metrics.Types
            where type.Key.Split('_')[0] is "reworker" or "messaging"
            let samples = metrics.Samples.Where(one => one.Name.StartsWith(type.Key, StringComparison.Ordinal))
            let labels = samples.SelectMany(one => one.Labels.Keys).Distinct().Except(everywhere).Order()
            select $"{type.Key} {type.Value} {string.Join(' ', labels)}";
        var written = OperatorsPage.Metrics.Select(one => $"{one.Name} {one.Type} {string.Join(' ', one.Labels)}");

        Assert.Equal(written.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
    }

    /// <summary>docs/operating.md shows the body as it is: the same parts, keys, states and details.</summary>
    private static void AssertUnready(string body, string queue)
    {
        var block = OperatorsPage.Text.Split("```json")[1].Split("```")[0];
        var page = JsonElement.Parse(block.Replace("worker.mystep", queue, StringComparison.Ordinal));
        var there = JsonElement.Parse(body);

        Assert.Equal(Shape(page), Shape(there));

        static IEnumerable<string> Shape(JsonElement health) =>
        [
            .. health.EnumerateObject().Where(one => one.Name != "parts").Select(one => $"{one.Name} {one.Value}"),
            .. from part in health.GetProperty("parts").EnumerateObject()
               from one in part.Value.EnumerateObject()
               select $"{part.Name}.{one.Name} {(one.Name == "since" ? "" : one.Value)}",
        ];
    }

    private async Task LeaveAJobOfADeadWorkerAsync(Session session, string name)
    {
        await using var wire = new TestWire(Bus.Amqp);
        await using var doomed = await StartAsync(async (_, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        }, ("Worker:Queue", name), wire.Setting);
        doomed.KeepQueues = true;
        session.Send(name, Job(0));
        await session.NextAsync(Cancel);
        wire.Cut(stayDown: true);
        await doomed.StopAsync();
    }

    private async Task RunAsync(Session session, string name, string body) =>
        _heard.AddRange(await session.RunAsync(name, body, Cancel));

    private static Task ConsumesAsync(WorkerProcess step, int times) =>
        UntilAsync(() => step.Count("Consuming from") == times);

    private static string Job(int seconds) => Good.Replace("SECONDS", $"{seconds}", StringComparison.Ordinal);
}
