using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>The broker stops, dies, freezes, blocks, or rejects the worker.</summary>
internal static class Outages
{
    public static Fault[] Rows { get; } =
    [
        new("restart-idle", "rabbitmqctl stop_app, 3 s, start_app; the worker is idle")
        {
            IsAlone = true,
            On = On.Every,
            Limit = TimeSpan.FromMinutes(2),
            Remedy = [Remedies.Reconnect],
            Inject = bench => bench.StopAppAsync(seconds: 3),
            RecoversWithin = 20,
            CleanWithin = 5,
            Reconnects = 1,
        },

        Alarm(
            "memory-alarm",
            "set_vm_memory_high_watermark absolute 1 for 9 s during a job; Broker:ConfirmTimeout is 3 s", lasts: 9),

        new("password-changed", "change_password and close_all_connections; 6 s later the old password again")
        {
            On = On.Every,
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                await bench.SetPasswordAsync("s3cr3t-other");
                await bench.CloseConnectionsAsync();
                await bench.NotReadyAsync(within: 10);
                await Task.Delay(6000);
                Check(
                    bench.Worker.HasLogged("rejected the user name or password"),
                    "the log does not say that the login failed");
                bench.CheckTries(0, 10);
                await bench.SetPasswordAsync(bench.Password);
            },
            RecoversWithin = 15,
            CleanWithin = 5,
        },

        new(
            "connection-limit",
            "set_user_limits max-connections 0 and close_all_connections; 4 s later the limit is cleared")
        {
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                await bench.Broker.ControlAsync("set_user_limits", bench.User, """{"max-connections":0}""");
                await bench.CloseConnectionsAsync();
                await bench.UntilSaidAsync("limit", within: 30);
                await Task.Delay(4000);
                await bench.Broker.ControlAsync("clear_user_limits", bench.User, "all");
            },
            RecoversWithin = 15,
            CleanWithin = 5,
        },

        new("vhost-gone", "delete_vhost; 5 s later it is there again, empty")
        {
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                await bench.SettledAsync();
                await bench.DeleteVHostAsync();
                await bench.UntilSaidAsync("Could not connect", within: 15);
                await Task.Delay(5000);
                await bench.StillAliveAsync();
                Check(bench.Worker.HasLogged($"vhost {bench.VHost} not found"), "the log does not name the missing vhost");
                await bench.UnreadyAsync("ready without its vhost");
                await bench.CreateVHostAsync();
            },
            RecoversWithin = 20,
            CleanWithin = 5,
        },

        new("restart-during-job", "rabbitmqctl stop_app, 3 s, start_app during a 15 s job that writes output")
        {
            IsAlone = true,
            On = On.Every,
            IsQuick = false,
            Remedy = [Remedies.Adoption],
            Inject = async bench =>
            {
                var job = await bench.StartJobAsync(seconds: 15, "talk");
                await bench.StopAppAsync(seconds: 3);
                var expected = Enumerable.Range(0, 150).Select(line => $"line {line}");
                bench.Then(
                    () => job.Output.SequenceEqual(expected),
                    () => $"{job.Output.Count} lines of output, or out of order");
            },
            RecoversWithin = 20,
            CleanWithin = 30,
        },

        new("broker-killed", "docker kill -s KILL and docker start; 8 jobs run, and 40 durable jobs wait in the queue")
        {
            On = On.V43 | On.V40,
            IsQuick = false,
            NeedsContainer = true,
            Remedy = [Remedies.Adoption],
            Inject = async bench =>
            {
                // a queue declared within the last second may not be on the disk yet
                await Task.Delay(3000);
                var running = await bench.SendManyAsync(8, seconds: 6);
                await StartedAsync(running[0], within: 15);
                await bench.SendManyAsync(40, seconds: 0.1);
                await bench.Broker.KillAsync();
                await bench.NotReadyAsync(within: 10);
                await bench.Broker.StartAsync();
            },
            RecoversWithin = 40,
            CleanWithin = 40,
        },

        new("broker-absent-60s", "rabbitmqctl stop_app, the worker starts, 60 s, start_app")
        {
            IsAlone = true,
            On = On.Every,
            IsQuick = false,
            Remedy = [Remedies.Reconnect],
            StartsWorker = false,
            Inject = async bench =>
            {
                await bench.Broker.ControlAsync("stop_app");
                var startApp = bench.Undo(() => bench.Broker.ControlAsync("start_app"));
                bench.StartWorker();
                await bench.NotReadyAsync(within: 10);
                await Task.Delay(TimeSpan.FromSeconds(60));
                await bench.StillAliveAsync();
                bench.CheckTries(5, 20);
                await startApp();
                bench.Then(() => bench.Recovery < 15, () => $"it took {bench.Recovery:0.0} s");
            },
            ReadyWithin = 30,
            CleanWithin = 5,
        },

        new("broker-frozen-90s", "docker pause (3.10: kill -STOP) for 90 s; a job runs")
        {
            IsAlone = true,
            On = On.Every,
            IsQuick = false,
            WithoutRemedy =
            {
                ["Broker:Heartbeat"] = "00:10:00",
                ["Broker:ConfirmTimeout"] = "00:10:00",
                ["Broker:ConnectTimeout"] = "00:05:00",
            },
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 5);
                await bench.Broker.FreezeAsync();
                var thaw = bench.Undo(bench.Broker.ThawAsync);
                await bench.NotReadyAsync(within: 41);
                await bench.StillAliveAsync();
                await Task.Delay(TimeSpan.FromSeconds(60));
                await thaw();
            },
            RecoversWithin = 40,
            CleanWithin = 40,
        },

        Alarm(
            "memory-alarm-60s",
            "the same alarm for 60 s, longer than any heartbeat or confirm timeout; default settings", lasts: 60),

        new("disk-alarm-then-killed", "set_disk_free_limit 999GB while a reply is due; docker kill; start")
        {
            IsQuick = false,
            NeedsContainer = true,
            Remedy = [Remedies.Resend],
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 5);
                await bench.Broker.ControlAsync("set_disk_free_limit", "999GB");
                await Task.Delay(8000);
                await bench.Broker.KillAsync();
                await Task.Delay(2000);
                await bench.Broker.StartAsync();
            },
            RecoversWithin = 40,
            CleanWithin = 30,
        },
    ];

    private static Fault Alarm(string name, string how, int lasts)
    {
        var row = new Fault(name, how)
        {
            IsAlone = true,
            On = On.Every,
            IsQuick = lasts < 10,
            Remedy = [Remedies.AlarmWait],
            Inject = async bench =>
            {
                var job = await bench.StartJobAsync(seconds: 4);
                var clear = await bench.RaiseAlarmAsync();
                await bench.NotReadyAsync(within: 10);
                var ready = await bench.Worker.ReadyAsync();
                Check(
                    ready.Body.Contains("blocks publishing", StringComparison.Ordinal),
                    $"readiness does not name the reason: {ready.Body}");
                await bench.StillAliveAsync();
                await Task.Delay(TimeSpan.FromSeconds(lasts));
                Check(!job.Terminal.IsCompleted, "a reply came through the alarm");
                await clear();
                bench.Over();
                await CompletedAsync(job, within: 5);
            },
            Reconnects = 0,
        };
        if (row.IsQuick) row.Settings["Broker:ConfirmTimeout"] = "00:00:03";
        return row;
    }
}
