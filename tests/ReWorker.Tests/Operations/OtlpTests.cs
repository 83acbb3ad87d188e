using System.Collections.Concurrent;
using System.Net;
using System.Text;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>Where an OTLP endpoint is named, metrics, traces and logs go there.</summary>
public sealed class OtlpTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Telemetry_EndpointNamed_ArrivesThere()
    {
        const string trace = "5bd66ef5095369c7b0d1f8f4bd33716a";
        await using var collector = new Collector();
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        await using var step = await StepProcess.StartAsync("Consuming from",
            ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("Worker:Queue", name),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Url), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "300"), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_SERVICE_NAME", "frobber"));

        session.SendRaw(name, """{"dynamic":{"environment":"dev"}}"""u8.ToArray(), new()
        {
            ["correlation_id"] = "traced", ["reply_to"] = session.ReplyTo,
            ["headers"] = new Dictionary<string, string> { ["traceparent"] = $"00-{trace}-b7ad6b7169203331-01" },
        });
        await session.UntilTheEndAsync(Cancel);

        await UntilAsync(() => Task.FromResult(collector.Has("/v1/traces", Encoding.UTF8.GetBytes($"process worker.{name}")) && collector.Has("/v1/traces", Convert.FromHexString(trace))));
        foreach (var metric in (string[])["reworker.jobs", "reworker.connection.up", "messaging.process.duration", "messaging.client.sent.messages"])
            await UntilAsync(() => Task.FromResult(collector.Has("/v1/metrics", Encoding.UTF8.GetBytes(metric))));
        await UntilAsync(() => Task.FromResult(collector.Has("/v1/logs", "Consuming from"u8.ToArray())));
        // the name that the environment gives comes before the program's
        Assert.True(collector.Has("/v1/metrics", "frobber"u8.ToArray()));
        Assert.Equal("frobber", (await step.MetricsAsync()).Samples.First(one => one.Name == "target_info").Labels["service_name"]);
        await Bus.DeleteAsync($"worker.{name}", $"worker.{name}.dead");
    }

    /// <summary>Takes what is posted to it.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _posted = [];
        private readonly Task _listening;

        public Collector()
        {
            // the listener takes no port 0
            for (var port = 29_100; !_listener.IsListening; port++)
            {
                try
                {
                    _listener.Prefixes.Clear();
                    _listener.Prefixes.Add(Url = $"http://127.0.0.1:{port}/");
                    _listener.Start();
                }
                catch (HttpListenerException) when (port < 29_200)
                {
                    _listener = new();
                }
            }
            _listening = ListenAsync();
        }

        public string Url { get; } = "";

        public bool Has(string path, byte[] text) => _posted.Any(one => one.Path == path && one.Body.AsSpan().IndexOf(text) >= 0);

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _listening;
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
