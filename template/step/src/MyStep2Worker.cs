using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using My.Step_1;
using ReWorker;
using ReWorker.Hosting;
using ReWorker.Tools.Hosting;

[assembly: AddsMyStep2] // Program.cs finds this attribute

namespace My.Step_1;

/// <summary>Edit this class: it is the step. It takes its jobs from the queue worker.my-step-2.</summary>
public sealed class MyStep2Worker : Worker<MyStep2Parameters, MyStep2Result>
{
    protected override Task<MyStep2Result> ProcessAsync(Job<MyStep2Parameters> job, CancellationToken cancel)
    {
        foreach (var host in job.Parameters.Hosts)
        {
            // for users, over the bus
            job.Output.LogInformation("Processing {Service} on {Host}", job.Parameters.Service, host);
        }

        return Task.FromResult(new MyStep2Result(job.Parameters.Hosts.Count)); // the reply's data
    }
}

/// <summary>
/// Adds the worker to the process. Register the services that it needs here too. If the configuration has
/// Worker:MyStep2Worker:Queue, that queue is used instead of the one named here.
/// </summary>
internal sealed class AddsMyStep2Attribute : AddWorkerAttribute
{
    public override void AddTo(IHostApplicationBuilder host) =>
        host.AddWorker<MyStep2Worker>(MyStep2Json.Default, "my-step-2");
}
