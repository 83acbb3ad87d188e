using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using ReWorker.Hosting;

namespace ReWorker.CommandLine;

/// <summary>The step's command line.</summary>
public static class StepCommand
{
    /// <summary>Runs the worker until it is told to stop.</summary>
    public static async Task<int> RunAsync(string[] args, Action<IHostApplicationBuilder> workers)
    {
        await using var app = StepHost.Build(args, 8080, workers);
        await app.RunAsync().ConfigureAwait(false);
        return 0;
    }
}
