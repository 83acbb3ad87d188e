using System.Diagnostics;
using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>The worker's process is stopped, killed or frozen.</summary>
internal static class Processes
{
    private const int Attempts = 3;

    public static Fault[] Rows { get; } =
    [
        new(
            "sigterm",
            "SIGINT and SIGTERM to an idle worker, SIGTERM during a short job and during a long one; "
            + "Worker:DrainTimeout is 3 s")
        {
            On = On.Every,
            Settings = { ["Worker:DrainTimeout"] = "00:00:03" },
            WithoutRemedy = { ["Worker:DrainTimeout"] = "00:00:00" },
            Inject = StopAsync,
            RecoversWithin = 15,
            IsRestarted = true,
        },

        new(
            "sigterm-twice",
            "SIGTERM twice, then SIGINT twice, each during a job: the second signal ends the process at once")
        {
            Remedy = [Remedies.SecondSignal],
            JudgesItself = true,
            Inject = async bench =>
            {
                foreach (var signal in new[] { "TERM", "INT" })
                {
                    await bench.StartJobAsync(seconds: 60, expected: null, runs: 4, within: 10);
                    await bench.Worker.SignalAsync(signal);
                    await bench.UntilSaidAsync("Stopping", within: 5);
                    await bench.Worker.SignalAsync(signal);
                    var began = Stopwatch.GetTimestamp();
                    var code = await bench.Worker.ExitAsync(TimeSpan.FromSeconds(15));
                    var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
                    Check(took < 2, $"it took {took:0.0} s");
                    Check(code == 130, $"exit status {code}, 130 was expected");
                    bench.StartWorker();
                }
                await bench.RecoverAsync(within: 15);
                // both jobs run again, for a minute each
                await bench.SettledAsync(running: 2);
            },
        },

        new("sigterm-while-reconnecting", "the port closes during a job, then SIGTERM; Worker:DrainTimeout is 3 s")
        {
            Settings = { ["Worker:DrainTimeout"] = "00:00:03" },
            WithoutRemedy = { ["Worker:DrainTimeout"] = "00:10:00" },
            JudgesItself = true,
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 60, expected: null, runs: 2);
                // the acknowledgement of the job before must not be lost with the connection
                await bench.SettledAsync(running: 1);
                bench.Proxy.Close();
                bench.Proxy.Reset();
                await bench.NotReadyAsync(within: 5);
                await bench.StopWorkerAsync(within: 20);
                await LeftAsync(bench, (1, 0, 0), within: 10);
            },
        },

        new("worker-killed", "kill -9 while jobs run and wait; another worker starts")
        {
            On = On.Every,
            Remedy = [Remedies.LateAck],
            Inject = async bench =>
            {
                // a job whose acknowledgement is lost runs again: that is a limit of AMQP, not of the worker
                await bench.SettledAsync();
                var running = await bench.SendManyAsync(8, seconds: 2);
                foreach (var job in running) job.Runs = 2;
                await bench.SendManyAsync(20);
                await StartedAsync(running[^1], within: 15);
                await bench.Worker.SignalAsync("KILL");
                bench.Over();
                bench.StartWorker();
            },
            RecoversWithin = 15,
            IsRestarted = true,
        },

        new("poison", "a job that kills its process at every attempt; Worker:MaxAttempts is 3")
        {
            On = On.Every,
            Limit = TimeSpan.FromMinutes(2),
            Settings = { ["Worker:MaxAttempts"] = $"{Attempts}" },
            WithoutRemedy = { ["Worker:MaxAttempts"] = "1000" },
            StartsWorker = false,
            Inject = PoisonAsync,
            CleanWithin = 5,
            IsRestarted = true,
        },

        new("poison-classic-queue", "the same job on a classic queue, which does not count deliveries")
        {
            On = On.Every,
            Limit = TimeSpan.FromMinutes(2),
            Settings = { ["Worker:MaxAttempts"] = $"{Attempts}" },
            Remedy = [Remedies.OwnCount],
            StartsWorker = false,
            Inject = async bench =>
            {
                await bench.DeclareQueueAsync(Queue, ("x-queue-type", "classic"));
                await PoisonAsync(bench);
            },
            CleanWithin = 5,
            IsRestarted = true,
        },

        new(
            "never-twice",
            "Worker:OnRedelivery is Fail: kill -9 during a job, SIGTERM that cuts a job short; another worker starts "
            + "after each")
        {
            On = On.Every,
            Settings = { ["Worker:OnRedelivery"] = "Fail", ["Worker:DrainTimeout"] = "00:00:01" },
            WithoutRemedy = { ["Worker:OnRedelivery"] = "RunAgain" },
            Inject = async bench =>
            {
                await bench.SettledAsync();
                var killed = await bench.StartJobAsync(seconds: 3, expected: "failed");
                await bench.Worker.SignalAsync("KILL");
                bench.StartWorker();
                await CompletedAsync(killed, within: 15);

                var stopped = await bench.StartJobAsync(seconds: 8, expected: "failed");
                await bench.Worker.SignalAsync("TERM");
                await bench.Worker.ExitAsync(TimeSpan.FromSeconds(15));
                bench.StartWorker();
                await CompletedAsync(stopped, within: 15);
            },
            CleanWithin = 5,
            IsRestarted = true,
        },

        new("sigterm-while-blocked", "SIGTERM during a memory alarm, with a reply due; Worker:DrainTimeout is 3 s")
        {
            IsAlone = true,
            IsQuick = false,
            Settings = { ["Worker:DrainTimeout"] = "00:00:03" },
            Remedy = [Remedies.RepliesAreNotAwaitedForEver],
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 4, runs: 2);
                var clear = await bench.RaiseAlarmAsync();
                await bench.NotReadyAsync(within: 15);
                await bench.StopWorkerAsync(within: 20);
                await clear();
                bench.Over();
                bench.StartWorker();
            },
            RecoversWithin = 20,
            IsRestarted = true,
        },

        new("worker-frozen-60s", "kill -STOP for 60 s during a job, then kill -CONT")
        {
            IsQuick = false,
            Remedy = [Remedies.Adoption],
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 65, "stubborn");
                await bench.Worker.SignalAsync("STOP");
                await Task.Delay(TimeSpan.FromSeconds(60));
                var queue = await bench.QueueAsync(Queue);
                Check(queue.Ready == 1, $"the broker has not taken the job back: {queue}");
                await bench.Worker.SignalAsync("CONT");
            },
            RecoversWithin = 20,
            CleanWithin = 30,
        },

        new(
            "supervisor-hangs",
            "the supervisor's one-second timer stops firing (the test supplies the clock): liveness fails after 10 s "
            + "at the earliest, 30 s at the latest")
        {
            IsQuick = false,
            Remedy = [Remedies.Liveness],
            StartsWorker = false,
            JudgesItself = true,
            Inject = async bench =>
            {
                var file = Path.Combine(bench.TempFolder(), "hang");
                await bench.WarmUpAsync((ChaosProcess.HangFile, file));
                await bench.StillAliveAsync();
                await File.WriteAllTextAsync(file, "");
                await Task.Delay(TimeSpan.FromSeconds(10));
                await bench.StillAliveAsync("not alive after 10 s: too early");
                await UntilAsync("reported dead", 20, async () => (await bench.Worker.LiveAsync()).Code == 503);
            },
        },
    ];

    private static async Task StopAsync(Bench bench)
    {
        await bench.StopWorkerAsync(within: 12, "INT");
        await LeftAsync(bench, (0, 0, 0));

        bench.StartWorker();
        await bench.ReadyAsync(within: 30);
        await bench.StopWorkerAsync(within: 12);
        await LeftAsync(bench, (0, 0, 0));

        bench.StartWorker();
        await bench.ReadyAsync(within: 30);
        var quick = await bench.StartJobAsync(seconds: 1);
        await bench.StopWorkerAsync(within: 12);
        await CompletedAsync(quick, within: 1);
        await LeftAsync(bench, (0, 0, 0));

        bench.StartWorker();
        await bench.ReadyAsync(within: 30);
        var slow = await bench.StartJobAsync(seconds: 5.5, runs: 2);
        await bench.StopWorkerAsync(within: 12);
        await LeftAsync(bench, (1, 0, 0));
        Check(!slow.Terminal.IsCompleted, "a false terminal reply");

        bench.Over();
        bench.StartWorker();
    }

    private static Task LeftAsync(Bench bench, (int, int, int) queue, double within = 5) =>
        UntilAsync($"left with {queue}", within, async () => await bench.QueueAsync(Queue) == queue);

    private static async Task PoisonAsync(Bench bench)
    {
        bench.StartWorker();
        await bench.ReadyAsync(within: 30);
        var poison = await bench.SendAsync(
            "die", expected: "failed", expect: job => (job.Runs, job.IsParked, job.IsDeadly) = (Attempts, true, true));
        for (var life = 0; !poison.Terminal.IsCompleted; life++)
        {
            Check(life < Attempts + 3, $"not given up after {life} deaths");
            var worker = life == 0 ? bench.Worker : bench.StartWorker();
            await UntilAsync("dead or done", 15, () => worker.HasExited || poison.Terminal.IsCompleted);
        }
        var expected = $"gave up after {Attempts} attempts";
        bench.Then(() => poison.Data.Contains(expected, StringComparison.Ordinal), () => poison.Data);
        bench.Then(() => bench.Requester.OnChannelAsync(async channel =>
        {
            var parked = await channel.BasicGetAsync(DeadQueue, autoAck: false);
            var headers = parked!.BasicProperties.Headers!;
            Check(headers.ContainsKey("x-reworker-reason"), "parked without its reason");
            Check(headers.ContainsKey("x-reworker-attempts"), "parked without its attempts");
        }));
    }
}
