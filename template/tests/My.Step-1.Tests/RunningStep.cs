using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ReWorker;
using ReWorker.Requesting;

namespace My.Step_1.Tests;

/// <summary>The step as it runs in production, on a queue of its own, and a requester that sends it jobs.</summary>
internal sealed class RunningStep : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly JobClient _client;

    private RunningStep(IHost host, JobClient client, string queue) => (_host, _client, Queue) = (host, client, queue);

    public string Queue { get; }

    public static async Task<RunningStep> StartAsync(BrokerFixture broker, CancellationToken cancel)
    {
        var queue = BrokerFixture.UniqueQueue();
        var host = Host.CreateApplicationBuilder();
        host.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:rabbitmq"] = broker.Amqp.ToString(),
            ["Worker:Queue"] = queue,
        });
        host.Logging.SetMinimumLevel(LogLevel.Warning);
        host.AddWorker<MyStep1Worker>(MyStep1Json.Default);

        var running = host.Build();
        await running.StartAsync(cancel);
        var step = new RunningStep(running, new JobClient(broker.Amqp.ToString()), queue);
        await broker.WaitForConsumerAsync($"worker.{queue}", cancel);
        return step;
    }

    /// <summary>Sends a job and returns everything that is heard of it.</summary>
    public async Task<List<JobEvent>> RunAsync(JsonObject parameters, JsonObject? dynamic, CancellationToken cancel)
    {
        var heard = new List<JobEvent>();
        await foreach (var one in SendAsync(parameters, dynamic, cancel)) heard.Add(one);
        return heard;
    }

    public IAsyncEnumerable<JobEvent> SendAsync(JsonObject parameters, JsonObject? dynamic, CancellationToken cancel) =>
        _client.SendAsync(new JobRequest { Queue = Queue, Parameters = parameters, Dynamic = dynamic, Timeout = TimeSpan.FromSeconds(60) }, cancel);

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
    }
}
