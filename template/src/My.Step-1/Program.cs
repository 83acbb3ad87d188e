using My.Step_1;
using ReWorker;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;

// Verbs: run (default), submit, dead, output, health. `--help` describes them.
return await WorkerCommand.RunAsync(args, static host =>
{
    host.AddWorker<MyStep1Worker>(MyStep1Json.Default);
    host.AddWorkersOf(typeof(Program).Assembly); // those of `dotnet new reworker-step`
});
