using Microsoft.Extensions.Logging;
using My.Step_1;
using ReWorker;

[assembly: AddWorker<MyStep2Worker, MyStep2Json>] // Program.cs finds it

namespace My.Step_1;

/// <summary>Edit me: this class is the step. Its jobs come from the queue worker.my-step-2, as appsettings.json has it.</summary>
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
