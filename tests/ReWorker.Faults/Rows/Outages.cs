namespace ReWorker.Faults.Rows;

internal sealed class RestartIdle() : Fault("restart-idle", "rabbitmqctl stop_app; 3 s; start_app")
{
    public override bool IsAlone => true;

    public override On On => On.Every;

    public override TimeSpan Limit => TimeSpan.FromMinutes(2);

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.StopAppAsync(TimeSpan.FromSeconds(3));
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 1, "not one reconnect was counted");
    }
}

internal sealed class RestartDuringAJob() : Fault("restart-during-job", "rabbitmqctl stop_app; 3 s; start_app, under a 15 s job that talks")
{
    public override bool IsAlone => true;

    public override On On => On.Every;

    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync("talk", seconds: 15);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await bench.StopAppAsync(TimeSpan.FromSeconds(3));
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(30));
        Bench.Check(job.Output.SequenceEqual(Enumerable.Range(0, 150).Select(line => $"line {line}")), $"{job.Output.Count} lines of output, or out of order");
    }
}

internal sealed class BrokerKilled() : Fault("broker-killed", "docker kill -s KILL, 3 s after the queue was made, docker start; durable jobs wait, others run")
{
    public override On On => On.V43 | On.V40;

    public override bool IsQuick => false;

    public override bool NeedsContainer => true;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        // a queue made within the last second may itself not be on the disk yet
        await Task.Delay(3000);
        var running = await bench.SendManyAsync(8, seconds: 6);
        await Bench.StartedAsync(running[0], TimeSpan.FromSeconds(15));
        await bench.SendManyAsync(40, seconds: 0.1);
        await bench.Broker.KillAsync();
        await bench.NotReadyAsync(TimeSpan.FromSeconds(10));
        await bench.Broker.StartAsync();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(40));
        await bench.CleanAsync(TimeSpan.FromSeconds(40));
    }
}

internal sealed class BrokerFrozen() : Fault("broker-frozen-90s", "docker pause (3.10: kill -STOP) for 90 s, a job running")
{
    public override bool IsAlone => true;

    public override On On => On.Every;

    public override bool IsQuick => false;

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Broker:Heartbeat", "00:10:00"), Set("Broker:ConfirmTimeout", "00:10:00"), Set("Broker:ConnectTimeout", "00:05:00")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 5);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await bench.Broker.FreezeAsync();
        var isFrozen = true;
        async Task ThawAsync()
        {
            if (!isFrozen) return;
            isFrozen = false;
            await bench.Broker.ThawAsync();
        }
        bench.Undo(ThawAsync);
        await bench.NotReadyAsync(TimeSpan.FromSeconds(41));
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        await Task.Delay(TimeSpan.FromSeconds(60));
        await ThawAsync();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(40));
        await bench.CleanAsync(TimeSpan.FromSeconds(40));
    }
}

internal sealed class MemoryAlarm() : Alarm("memory-alarm", "set_vm_memory_high_watermark absolute 1; 9 s; back, a job running; a message is due within 3 s", lasts: 9)
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Broker:ConfirmTimeout", "00:00:03")];
}

internal sealed class MemoryAlarmForAMinute() : Alarm("memory-alarm-60s", "the same for 60 s, longer than any heartbeat or confirm may take; the settings as they are", lasts: 60)
{
    public override bool IsQuick => false;
}

internal abstract class Alarm(string name, string how, int lasts) : Fault(name, how)
{
    public override bool IsAlone => true;

    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.AlarmWait];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 4);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await using var alarm = await bench.RaiseAlarmAsync();
        await bench.NotReadyAsync(TimeSpan.FromSeconds(10));
        var ready = await bench.Worker.ReadyAsync();
        Bench.Check(ready.Body.Contains("blocks publishers", StringComparison.Ordinal), $"the reason is not told: {ready.Body}");
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        await Task.Delay(TimeSpan.FromSeconds(lasts));
        Bench.Check(!job.Terminal.IsCompleted, "a reply came through the alarm");
        await alarm.DisposeAsync();
        bench.Over();
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(5));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it reconnected, which does not help");
    }
}

internal sealed class DiskAlarmAndKill() : Fault("disk-alarm-then-killed", "set_disk_free_limit 999GB, a reply on its way; docker kill; start")
{
    public override bool IsQuick => false;

    public override bool NeedsContainer => true;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Resend];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 5);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await bench.Broker.ControlAsync("set_disk_free_limit", "999GB");
        await Task.Delay(8000);
        await bench.Broker.KillAsync();
        await Task.Delay(2000);
        await bench.Broker.StartAsync();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(40));
        await bench.CleanAsync(TimeSpan.FromSeconds(30));
    }
}

internal sealed class SigtermWhileBlocked() : Fault("sigterm-while-blocked", "memory alarm, a job whose reply is due, SIGTERM; drain 3 s")
{
    public override bool IsAlone => true;

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:DrainTimeout", "00:00:03")];

    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.RepliesAreNotAwaitedForEver];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 4, expect: one => one.Runs = 2);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await using (await bench.RaiseAlarmAsync())
        {
            await bench.NotReadyAsync(TimeSpan.FromSeconds(15));
            await bench.Worker.SignalAsync("TERM");
            Bench.Check(await bench.Worker.ExitAsync(TimeSpan.FromSeconds(20)) == 0, "not exit status 0");
        }
        bench.Over();
        bench.StartWorker();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(10), restarted: true);
    }
}

internal sealed class SigtermWhileReconnecting() : Fault("sigterm-while-reconnecting", "the port is closed, a job running, SIGTERM; drain 3 s")
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:DrainTimeout", "00:00:03")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Worker:DrainTimeout", "00:10:00")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 60, expected: null, expect: one => one.Runs = 2);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        // the ack of the job before it must not be lost with the connection
        await bench.SettledAsync(running: 1);
        bench.Proxy.Close();
        bench.Proxy.Reset();
        await bench.NotReadyAsync(TimeSpan.FromSeconds(5));
        await bench.Worker.SignalAsync("TERM");
        Bench.Check(await bench.Worker.ExitAsync(TimeSpan.FromSeconds(20)) == 0, "not exit status 0");
        await Bench.UntilAsync("requeued", TimeSpan.FromSeconds(10), async () => await bench.QueueAsync(Bench.Queue) == (1, 0, 0));
        bench.CheckLogs();
    }
}

internal sealed class PasswordChanged() : Fault("password-changed", "change_password and close; 6 s; the old one again")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Broker.ControlAsync("change_password", bench.User, "s3cr3t-other");
        await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");
        await bench.NotReadyAsync(TimeSpan.FromSeconds(10));
        await Task.Delay(6000);
        Bench.Check(bench.Worker.HasLogged("refuses the user name or the password"), "the log does not say that the login was refused");
        Bench.Check(bench.Worker.Count("Could not connect") <= 10, $"{bench.Worker.Count("Could not connect")} tries in so short a time");
        await bench.Broker.ControlAsync("change_password", bench.User, bench.Password);
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class VHostGone() : Fault("vhost-gone", "delete_vhost; 5 s; the same again, empty")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SettledAsync();
        await bench.DeleteVHostAsync();
        await bench.UntilSaidAsync("Could not connect", TimeSpan.FromSeconds(15));
        await Task.Delay(5000);
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        Bench.Check(bench.Worker.HasLogged($"vhost {bench.VHost} not found"), "the log does not say that it is the vhost");
        await bench.UnreadyAsync("ready without its vhost");
        await bench.MakeVHostAsync();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class ConnectionLimit() : Fault("connection-limit", "set_user_limits max-connections 0, close; 4 s; no limit")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Broker.ControlAsync("set_user_limits", bench.User, """{"max-connections":0}""");
        await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");
        await bench.UntilSaidAsync("limit", TimeSpan.FromSeconds(30));
        await Task.Delay(4000);
        await bench.Broker.ControlAsync("clear_user_limits", bench.User, "all");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}
