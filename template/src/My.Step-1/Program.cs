using My.Step_1;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;

// Verbs: run (default), submit, dead, output, health. `--help` describes them.
return await WorkerCommand.RunAsync(args, AddWorkers, MapEndpoints);

static void AddWorkers(IHostApplicationBuilder host)
{
    host.AddWorker<MyStep1Worker>(MyStep1Json.Default);
    host.AddWorkersOf(typeof(Program).Assembly); // those of `dotnet new reworker-step`
}

// Readiness counts your own checks too: host.Services.AddHealthChecks().AddCheck<DatabaseCheck>("database")
static void MapEndpoints(WebApplication app)
{
    app.MapHealthChecks("/health/live", HealthEndpoints.Live);
    app.MapHealthChecks("/health/ready", HealthEndpoints.Ready);
    app.MapPrometheusScrapingEndpoint("/metrics");
}
