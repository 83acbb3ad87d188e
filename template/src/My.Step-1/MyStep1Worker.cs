using Microsoft.Extensions.Logging;
using ReWorker;

namespace My.Step_1;

/// <summary>Frobs a service on each host, one host after the other. Edit this class: it is the step.</summary>
public sealed partial class MyStep1Worker(ILogger<MyStep1Worker> log, TimeProvider time)
    : Worker<MyStep1Parameters, MyStep1Result>
{
    protected override IReadOnlyList<string> Dynamic => ["environment"];

    protected override async Task<MyStep1Result> ProcessAsync(Job<MyStep1Parameters> job, CancellationToken cancel)
    {
        var (hosts, service) = (job.Parameters.Hosts, job.Parameters.Service);
        LogStart(log, service, hosts.Count); // for administrators, on stdout

        // the requester gets `failed` with this message
        if (job.Parameters.Subcommand == "Fail")
            throw new InvalidOperationException($"{service} does not want to be frobbed");

        var start = time.GetTimestamp();
        foreach (var host in hosts)
        {
            job.Output.LogInformation("Frobbing {Service} on {Host}", service, host); // for users, over the bus
            await Task.Delay(TimeSpan.FromSeconds(job.Parameters.Seconds), time, cancel);
        }

        var seconds = Math.Round(time.GetElapsedTime(start).TotalSeconds, 1);
        job.Output.LogInformation("Done in {Seconds} s", seconds);
        return new MyStep1Result(hosts.Count, seconds); // the reply's data
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "Frobbing {Service} on {Count} hosts")]
    private static partial void LogStart(ILogger log, string service, int count);
}
