using System.Diagnostics;

namespace ReWorker.Faults.Rows;

internal sealed class WorkerKilled() : Fault("worker-killed", "kill -9 with jobs running and waiting; another is started")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.LateAck];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        // an answer whose ack the kill cut off would come again: that is the limit of AMQP, not of the worker
        await bench.SettledAsync();
        var running = await bench.SendManyAsync(8, seconds: 2);
        foreach (var job in running) job.Runs = 2;
        await bench.SendManyAsync(20);
        await Bench.StartedAsync(running[^1], TimeSpan.FromSeconds(15));
        await bench.Worker.SignalAsync("KILL");
        bench.Over();
        bench.StartWorker();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(10), restarted: true);
    }
}

internal abstract class Poison(string name, string how) : Fault(name, how)
{
    private const int Attempts = 3;

    public override On On => On.Every;

    public override TimeSpan Limit => TimeSpan.FromMinutes(2);

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:MaxAttempts", $"{Attempts}")];

    public override async Task RunAsync(Bench bench)
    {
        bench.Requester.Start();
        await PrepareAsync(bench);
        bench.StartWorker();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        var poison = await bench.SendAsync("die", expected: "failed", expect: job => (job.Runs, job.IsParked, job.IsDeadly) = (Attempts, true, true));
        for (var life = 0; !poison.Terminal.IsCompleted; life++)
        {
            Bench.Check(life < Attempts + 3, $"not given up after {life} deaths");
            var worker = life == 0 ? bench.Worker : bench.StartWorker();
            await Bench.UntilAsync("dead or done", TimeSpan.FromSeconds(15), () => Task.FromResult(worker.HasExited || poison.Terminal.IsCompleted));
        }
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5), restarted: true);
        Bench.Check(poison.Data.Contains($"gave up after {Attempts} attempts", StringComparison.Ordinal), poison.Data);
        await bench.Requester.OnChannelAsync(async channel =>
        {
            var parked = await channel.BasicGetAsync(Bench.DeadQueue, autoAck: false);
            var headers = parked!.BasicProperties.Headers!;
            Bench.Check(headers.ContainsKey("x-reworker-reason") && headers.ContainsKey("x-reworker-attempts"), "parked without its history");
        });
    }

    protected abstract Task PrepareAsync(Bench bench);
}

internal sealed class PoisonJob() : Poison("poison", "a job that kills its process, again and again; three attempts")
{
    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Worker:MaxAttempts", "1000")];

    protected override Task PrepareAsync(Bench bench) => Task.CompletedTask;
}

internal sealed class PoisonOnClassicQueue() : Poison("poison-classic-queue", "the same on a classic queue, which counts nothing")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.OwnCount];

    protected override Task PrepareAsync(Bench bench) => bench.Requester.OnChannelAsync(channel =>
        channel.QueueDeclareAsync(Bench.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "classic" }));
}

internal sealed class NeverTwice() : Fault("never-twice", "Worker:OnRedelivery is Fail: kill -9 under a job, SIGTERM with a job cut short; another worker is started after each")
{
    public override On On => On.Every;

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:OnRedelivery", "Fail"), Set("Worker:DrainTimeout", "00:00:01")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Worker:OnRedelivery", "RunAgain")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SettledAsync();
        var killed = await bench.SendAsync(seconds: 3, expected: "failed");
        await Bench.StartedAsync(killed, TimeSpan.FromSeconds(15));
        await bench.Worker.SignalAsync("KILL");
        bench.StartWorker();
        await Bench.CompletedAsync(killed, TimeSpan.FromSeconds(15));

        var stopped = await bench.SendAsync(seconds: 8, expected: "failed");
        await Bench.StartedAsync(stopped, TimeSpan.FromSeconds(15));
        await bench.Worker.SignalAsync("TERM");
        await bench.Worker.ExitAsync(TimeSpan.FromSeconds(15));
        bench.StartWorker();
        await Bench.CompletedAsync(stopped, TimeSpan.FromSeconds(15));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5), restarted: true);
    }
}

internal sealed class Sigterm() : Fault("sigterm", "SIGTERM or SIGINT idle; SIGTERM with a short job; with a long one; drain 3 s")
{
    public override On On => On.Every;

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:DrainTimeout", "00:00:03")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Worker:DrainTimeout", "00:00:00")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await StopAsync(bench, "INT");
        await LeftAsync(bench, (0, 0, 0));

        bench.StartWorker();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await StopAsync(bench);
        await LeftAsync(bench, (0, 0, 0));

        bench.StartWorker();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        var quick = await bench.SendAsync(seconds: 1);
        await Bench.StartedAsync(quick, TimeSpan.FromSeconds(15));
        await StopAsync(bench);
        await Bench.CompletedAsync(quick, TimeSpan.FromSeconds(1));
        await LeftAsync(bench, (0, 0, 0));

        bench.StartWorker();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        var slow = await bench.SendAsync(seconds: 5.5, expect: job => job.Runs = 2);
        await Bench.StartedAsync(slow, TimeSpan.FromSeconds(15));
        await StopAsync(bench);
        await LeftAsync(bench, (1, 0, 0));
        Bench.Check(!slow.Terminal.IsCompleted, "a false terminal reply");

        bench.Over();
        bench.StartWorker();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(10), restarted: true);
    }

    private static Task LeftAsync(Bench bench, (int, int, int) queue) =>
        Bench.UntilAsync($"left with {queue}", TimeSpan.FromSeconds(5), async () => await bench.QueueAsync(Bench.Queue) == queue);

    private static async Task StopAsync(Bench bench, string signal = "TERM")
    {
        await bench.Worker.SignalAsync(signal);
        Bench.Check(await bench.Worker.ExitAsync(TimeSpan.FromSeconds(12)) == 0, "not exit status 0");
    }
}

internal sealed class SignalTwice() : Fault("sigterm-twice", "SIGTERM twice, then SIGINT twice, a job running: the second ends the process at once")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.SecondSignal];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        foreach (var signal in new[] { "TERM", "INT" })
        {
            var job = await bench.SendAsync(seconds: 60, expected: null, expect: one => one.Runs = 4);
            await Bench.StartedAsync(job, TimeSpan.FromSeconds(10));
            await bench.Worker.SignalAsync(signal);
            await bench.UntilSaidAsync("Stopping", TimeSpan.FromSeconds(5));
            await bench.Worker.SignalAsync(signal);
            var began = Stopwatch.GetTimestamp();
            var code = await bench.Worker.ExitAsync(TimeSpan.FromSeconds(15));
            Bench.Check(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2), $"it took {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
            Bench.Check(code == 130, $"exit status {code}, 130 was expected");
            bench.StartWorker();
        }
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        // both jobs run again, for a minute each
        await bench.SettledAsync(running: 2);
        bench.CheckLogs();
    }
}

internal sealed class WorkerFrozen() : Fault("worker-frozen-60s", "kill -STOP for 60 s under a job, kill -CONT")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync("stubborn", seconds: 65);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await bench.Worker.SignalAsync("STOP");
        await Task.Delay(TimeSpan.FromSeconds(60));
        var queue = await bench.QueueAsync(Bench.Queue);
        Bench.Check(queue.Ready == 1, $"the broker has not taken the job back: {queue}");
        await bench.Worker.SignalAsync("CONT");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(30));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class SupervisorHangs() : Fault("supervisor-hangs", "its one-second timer never rings (a clock of the test's): liveness is false within 30 s, and not before")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Liveness];

    public override async Task RunAsync(Bench bench)
    {
        var file = Path.Combine(Path.GetTempPath(), bench.VHost);
        bench.Undo(() => { File.Delete(file); return Task.CompletedTask; });
        await bench.WarmUpAsync(Set(ChaosProcess.HangFile, file));
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        await File.WriteAllTextAsync(file, "");
        bench.Over();
        await Task.Delay(TimeSpan.FromSeconds(10));
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive after 10 s: too early");
        await Bench.UntilAsync("dead by its own account", TimeSpan.FromSeconds(20), async () => (await bench.Worker.LiveAsync()).Code == 503);
        bench.CheckLogs();
    }
}

internal sealed class StdoutFull() : LogGone("stdout-full", "standard output and error are a full device", ">/dev/full 2>&1");

internal sealed class StdoutClosed() : LogGone("stdout-closed", "standard output and error are closed", ">&- 2>&-");

internal abstract class LogGone(string name, string how, string redirection) : Fault(name, how)
{
    public override string NoRemedy => "the console logger swallows it";

    public override async Task RunAsync(Bench bench)
    {
        bench.Requester.Start();
        bench.StartWorker(start =>
        {
            start.ArgumentList.Clear();
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add($"exec {bench.Program} worker {redirection}");
            start.FileName = "sh";
            return start;
        });
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.SendManyAsync(10, seconds: 0.1);
        bench.Proxy.Reset();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}
