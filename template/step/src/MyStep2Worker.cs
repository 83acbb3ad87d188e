using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using My.Step_1;
using ReWorker;
using ReWorker.Hosting;
using ReWorker.Tools.Hosting;

[assembly: AddsMyStep2] // Program.cs finds it

namespace My.Step_1;

/// <summary>Edit me: this class is the step. Its jobs come from the queue worker.my-step-2.</summary>
public sealed class MyStep2Worker : Worker<MyStep2Parameters>
{
    protected override Task<object?> ProcessAsync(Job<MyStep2Parameters> job, CancellationToken cancel)
    {
        foreach (var host in job.Parameters.Hosts)
        {
            job.Output.LogInformation("Doing {Service} on {Host}", job.Parameters.Service, host); // users: the bus
        }

        return Task.FromResult<object?>(new MyStep2Result(job.Parameters.Hosts.Count)); // the reply's data
    }
}

/// <summary>
/// Adds the worker to the process. Services that it needs are registered here, too. The queue is the one named here, unless
/// the configuration names another: Worker:MyStep2Worker:Queue.
/// </summary>
internal sealed class AddsMyStep2Attribute : AddWorkerAttribute
{
    public override void AddTo(IHostApplicationBuilder host) => host.AddWorker<MyStep2Worker>(MyStep2Json.Default, "my-step-2");
}
