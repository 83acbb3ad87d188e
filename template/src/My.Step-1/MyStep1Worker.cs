using Microsoft.Extensions.Logging;
using ReWorker;

namespace My.Step_1;

/// <summary>Frobs a service on each host, one after the other. Edit me: this class is the step.</summary>
public sealed partial class MyStep1Worker(ILogger<MyStep1Worker> log, TimeProvider time) : Worker<MyStep1Parameters>
{
    protected override IReadOnlyList<string> Dynamic => ["environment"];

    protected override async Task<object?> ProcessAsync(Job<MyStep1Parameters> job, CancellationToken cancel)
    {
        var (hosts, service) = (job.Parameters.Hosts, job.Parameters.Service);
        LogBegin(log, service, hosts.Count);                                              // administrators: stdout

        if (job.Parameters.Subcommand == "Fail")
            throw new InvalidOperationException($"{service} does not want to be frobbed");  // the requester gets `failed` and this

        var began = time.GetTimestamp();
        foreach (var host in hosts)
        {
            job.Output.LogInformation("Frobbing {Service} on {Host}", service, host);       // users: the bus
            await Task.Delay(TimeSpan.FromSeconds(job.Parameters.Seconds), time, cancel);
        }

        var seconds = Math.Round(time.GetElapsedTime(began).TotalSeconds, 1);
        job.Output.LogInformation("Done in {Seconds} s", seconds);
        return new MyStep1Result(hosts.Count, seconds);                                   // the reply's data
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "Going to frob {Service} on {Count} hosts")]
    private static partial void LogBegin(ILogger log, string service, int count);
}
