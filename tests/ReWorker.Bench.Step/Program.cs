using ReWorker;
using ReWorker.Bench.Step;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;

return await WorkerCommand.RunAsync(args, static host =>
{
    host.AddWorker<BenchStepWorker>(BenchStepJson.Default);
});
