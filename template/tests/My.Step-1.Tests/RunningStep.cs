using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ReWorker;
using ReWorker.Client;
using ReWorker.Hosting;
using ReWorker.Tools.Hosting;

namespace My.Step_1.Tests;

/// <summary>The step as it runs in production, on a queue of its own, with a client that sends it jobs.</summary>
internal sealed class RunningStep : IAsyncDisposable
{
    private readonly IHost _host;

    private RunningStep(IHost host, JobClient client, string queue) =>
        (_host, Client, Queue) = (host, client, queue);

    public string Queue { get; }

    public JobClient Client { get; }

    public static async Task<RunningStep> StartAsync(
        BrokerFixture broker, CancellationToken cancel, string? queue = null)
    {
        queue ??= BrokerFixture.UniqueQueue();
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:rabbitmq"] = broker.Amqp.ToString(),
            ["Worker:Queue"] = queue,
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.AddWorker<MyStep1Worker>(MyStep1Json.Default);

        var host = builder.Build();
        await host.StartAsync(cancel);
        var step = new RunningStep(host, new JobClient(broker.Amqp.ToString()), queue);
        await broker.WaitForConsumerAsync($"worker.{queue}", cancel);
        return step;
    }

    /// <summary>Sends a job and returns its events, up to the terminal reply.</summary>
    public async Task<List<JobEvent>> RunAsync(JsonObject parameters, JsonObject? dynamic, CancellationToken cancel)
    {
        var job = new JobRequest
        {
            Queue = Queue,
            Parameters = parameters,
            Dynamic = dynamic,
            Timeout = TimeSpan.FromSeconds(60),
        };
        var events = new List<JobEvent>();
        await foreach (var jobEvent in Client.SendAsync(job, cancel)) events.Add(jobEvent);
        return events;
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
    }
}
