using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ReWorker.Tools.CommandLine;

/// <summary>The worker's queue that a verb is about.</summary>
internal static class QueueName
{
    public static string Resolve(string? given, IServiceProvider services)
    {
        var key = $"{WorkerOptions.Section}:{nameof(WorkerOptions.Queue)}";
        var queue = given ?? services.GetRequiredService<IConfiguration>()[key];
        return string.IsNullOrEmpty(queue) ? throw new UsageException($"no queue is named: give --queue NAME, or set {key} in appsettings.json") : queue;
    }
}
