using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using My.Step_1;
using ReWorker.Client;

namespace ReWorker.Tests.Requesting;

/// <summary>The C# of docs/requesters.md.</summary>
internal static class RequestersPageExamples
{
    public static async Task<IReadOnlyList<string>> RunAsync(string uri, string queue, CancellationToken cancel)
    {
        Console.Lines.Value = [];
        await using var client = new JobClient(uri);
        await EndAsync(client, await FollowAsync(uri, queue, cancel), cancel);
        return Console.Lines.Value;
    }

    private static async Task<JobRequest> FollowAsync(string uri, string queue, CancellationToken cancel)
    {
        await using var client = new JobClient(uri); // amqp://user:password@host:5672/vhost
        var job = new JobRequest
        {
            Queue = queue, // "mystep" for the queue worker.mystep
            Parameters = new JsonObject { ["service"] = "frobd", ["hosts"] = new JsonArray("a.example.com") },
            Dynamic = new JsonObject { ["environment"] = "dev" },
            Timeout = TimeSpan.FromSeconds(30),
        };

        await foreach (var jobEvent in client.SendAsync(job, cancel))
        {
            if (jobEvent is JobEvent.Output output) Console.WriteLine(output.Line);
            if (jobEvent is JobEvent.Completed completed) Console.WriteLine($"completed: {completed.Data}");
            if (jobEvent is JobEvent.Failed failed) Console.WriteLine($"failed: {failed.Reason}");
        }
        return job;
    }

    private static async Task EndAsync(JobClient client, JobRequest job, CancellationToken cancel)
    {
        var result = await client.RunAsync<MyStep1Result>(job, MyStep1Json.Default, cancel);
        Console.WriteLine($"{result.Hosts} hosts in {result.Seconds} s");
    }

    /// <summary>Collects what the page writes to the terminal.</summary>
    private static class Console
    {
        public static AsyncLocal<List<string>> Lines { get; } = new();

        public static void WriteLine(string line) => Lines.Value!.Add(line);
    }
}

/// <summary>As in the scaffold, where it is the project's own.</summary>
[JsonSerializable(typeof(MyStep1Parameters))]
[JsonSerializable(typeof(MyStep1Result))]
internal sealed partial class MyStep1Json : JsonSerializerContext;
