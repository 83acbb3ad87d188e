using System.Collections.Concurrent;
using System.Net;
using System.Text;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>Metrics, traces and logs are exported to a configured OTLP endpoint.</summary>
public sealed class OtlpTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Telemetry_EndpointConfigured_ArrivesThere()
    {
        const string trace = "5bd66ef5095369c7b0d1f8f4bd33716a";
        await using var collector = new Collector();
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        await using var step = await StepProcess.StartAsync("Consuming from",
            ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("Worker:Queue", name),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "300"), ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "100"), ("OTEL_SERVICE_NAME", "frobber"));

        session.SendRaw(name, """{"dynamic":{"environment":"dev"}}"""u8.ToArray(), new()
        {
            ["correlation_id"] = "traced", ["reply_to"] = session.ReplyTo,
            ["headers"] = new Dictionary<string, string> { ["traceparent"] = $"00-{trace}-b7ad6b7169203331-01" },
        });
        await session.ReceiveUntilTerminalAsync(Cancel);

        await HasAsync("/v1/traces", Encoding.UTF8.GetBytes($"process worker.{name}"));
        await HasAsync("/v1/traces", Convert.FromHexString(trace));
        string[] metrics =
            ["reworker.jobs", "reworker.connection.up", "messaging.process.duration", "messaging.client.sent.messages"];
        foreach (var metric in metrics) await HasAsync("/v1/metrics", Encoding.UTF8.GetBytes(metric));
        await HasAsync("/v1/logs", "Consuming from"u8.ToArray());
        // the environment's name overrides the program's
        Assert.True(collector.Has("/v1/metrics", "frobber"u8.ToArray()));
        var target = (await step.MetricsAsync()).Samples.First(one => one.Name == "target_info");
        Assert.Equal("frobber", target.Labels["service_name"]);
        await Bus.DeleteAsync($"worker.{name}", $"worker.{name}.dead");

        Task HasAsync(string path, byte[] text) => UntilAsync(() => collector.Has(path, text));
    }

    /// <summary>Keeps everything that is posted to it.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        // the listener does not take port 0
        private readonly ReservedPort _port = ReservedPort.Take();
        private readonly HttpListener _listener = new();
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _posted = [];
        private readonly Task _listening;

        public Collector()
        {
            _listener.Prefixes.Add(Url);
            _listener.Start();
            _listening = ListenAsync();
        }

        public string Url => $"http://127.0.0.1:{_port.Number}/";

        public bool Has(string path, byte[] text) =>
            _posted.Any(one => one.Path == path && one.Body.AsSpan().IndexOf(text) >= 0);

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _listening;
            _port.Dispose();
        }

        private async Task ListenAsync()
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    using var body = new MemoryStream();
                    await context.Request.InputStream.CopyToAsync(body);
                    _posted.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
                    context.Response.Close();
                }
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // closed
            }
        }
    }
}
