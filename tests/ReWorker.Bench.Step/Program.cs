using ReWorker;
using ReWorker.Bench.Step;
using ReWorker.CommandLine;

return await StepCommand.RunAsync(args, static host =>
{
    host.AddWorker<BenchStepWorker>(BenchStepJson.Default);
});
