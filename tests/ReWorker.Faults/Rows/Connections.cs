using System.Globalization;

namespace ReWorker.Faults.Rows;

internal sealed class TcpReset() : Fault("tcp-reset", "the proxy resets every connection, under load")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SendManyAsync(20, seconds: 0.5);
        bench.Proxy.Reset();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        Bench.Check(bench.Recovery < 5, $"it took {bench.Recovery:0.0} s");
        await bench.CleanAsync(TimeSpan.FromSeconds(15));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 1, "not one reconnect was counted");
    }
}

internal sealed class AbsentAtStart() : Fault("broker-absent-at-start", "the port is closed when the worker starts; open after 5 s")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        bench.Proxy.Close();
        bench.Requester.Start();
        bench.StartWorker();
        await bench.NotReadyAsync(TimeSpan.FromSeconds(10));
        await Task.Delay(5000);
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        Bench.Check(bench.Worker.Count("Could not connect") is >= 2 and <= 8, $"{bench.Worker.Count("Could not connect")} warnings");
        bench.Proxy.Open();
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class AbsentAtStartForAMinute() : Fault("broker-absent-60s", "rabbitmqctl stop_app; the worker starts; 60 s; start_app")
{
    public override bool IsAlone => true;

    public override On On => On.Every;

    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.Broker.ControlAsync("stop_app");
        bench.StartWorker();
        try
        {
            await bench.NotReadyAsync(TimeSpan.FromSeconds(10));
            await Task.Delay(TimeSpan.FromSeconds(60));
            Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
            Bench.Check(bench.Worker.Count("Could not connect") is >= 5 and <= 20, $"{bench.Worker.Count("Could not connect")} warnings");
        }
        finally
        {
            await bench.Broker.ControlAsync("start_app");
        }
        bench.Over();
        bench.Requester.Start();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        Bench.Check(bench.Recovery < 15, $"it took {bench.Recovery:0.0} s");
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class LongPauses() : Fault("long-pauses", "nothing listens for 95 s, Broker:MaxBackoff is a minute: alive all the time")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.SignOfLife];

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Broker:Port", "1"), Set("Broker:MaxBackoff", "00:01:00"), Set("Broker:ConnectTimeout", "00:00:02")];

    public override async Task RunAsync(Bench bench)
    {
        bench.StartWorker();
        await bench.NotReadyAsync(TimeSpan.FromSeconds(20));
        for (var second = 0; second < 95; second++)
        {
            Bench.Check((await bench.Worker.LiveAsync()).IsOk, $"not alive after {second} s");
            await Task.Delay(1000);
        }
        bench.CheckLogs();
    }
}

internal sealed class NameDoesNotResolve() : Fault("name-unresolved", "the host name does not resolve; then the file with the settings is put right")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        // the client's own port stays the proxy's: the name in a secret's file changes, and is read anew at every try
        bench.Requester.Start();
        bench.StartWorker(Set("Broker:Server", "no-such-host.invalid"));
        await bench.UntilSaidAsync("Could not connect", TimeSpan.FromSeconds(30));
        await bench.AliveAsync();
        await bench.Worker.SignalAsync("KILL");

        var hosts = Path.GetTempFileName();
        bench.Undo(() => { File.Delete(hosts); return Task.CompletedTask; });
        await File.WriteAllTextAsync(hosts, "127.0.0.2 localhost\n");
        bench.StartWorker(start => OwnMounts.Hosts(start, hosts, bench.Program), Set("Broker:Server", "broker.example.test"));
        await bench.UntilSaidAsync("Could not connect", TimeSpan.FromSeconds(30));
        await File.WriteAllTextAsync(hosts, "127.0.0.1 broker.example.test\n");
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class SilentPort() : Fault("silent-port", "something listens that never says a word; then the broker is there")
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Broker:ConnectTimeout", "00:00:03")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Broker:ConnectTimeout", "00:05:00")];

    public override async Task RunAsync(Bench bench)
    {
        bench.Proxy.IsSilent = true;
        bench.Requester.Start();
        bench.StartWorker();
        await Bench.UntilAsync("at its third try", TimeSpan.FromSeconds(20), () => Task.FromResult(bench.Proxy.Accepted >= 3));
        await bench.AliveAsync();
        bench.Proxy.IsSilent = false;
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class ConfirmWithheld() : Fault("confirm-withheld", "the proxy holds what the broker sends to the publishing connection, from the terminal reply on")
{
    public override On On => On.Every;

    public override bool IsQuick => false;

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Broker:ConfirmTimeout", "00:00:03")];

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Resend];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 4);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        // started has been confirmed by then
        await Task.Delay(1000);
        // the broker must hear nothing either: else it has the reply, and its copy alone tells of the second sending
        bench.Proxy.Hold(Direction.Both, "publishes");
        await Task.Delay(4000);
        // asking takes its time: by the answer the reply may have been sent again and confirmed
        var queue = await bench.QueueAsync(Bench.Queue);
        Bench.Check(queue.Ready + queue.Unacked == 1 || bench.Worker.HasLogged("was not confirmed within"), "the job was acknowledged before its reply was confirmed");
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(20));

        // and once with the reply on the broker, the confirm on its way back
        var other = await bench.SendAsync(seconds: 4);
        await Bench.StartedAsync(other, TimeSpan.FromSeconds(15));
        await Task.Delay(1000);
        bench.Proxy.Hold(Direction.ToWorker, "publishes");
        await Bench.UntilAsync("given up a second time", TimeSpan.FromSeconds(15), () => Task.FromResult(bench.Worker.Count("was not confirmed within") == 2));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(other.Copies > 0, "the reply did not come again under its id");
    }
}

internal sealed class ConfirmNeverComes() : Fault("confirm-deadline", "the same with both ways held: nothing but the deadline tells")
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Broker:ConfirmTimeout", "00:00:03")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Broker:ConfirmTimeout", "00:10:00"), Set("Broker:Heartbeat", "00:10:00")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        bench.Proxy.Hold(Direction.Both, "publishes");
        var job = await bench.SendAsync();
        bench.Over();
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(15));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class StaleDeliveries() : Fault("stale-deliveries", "prefetch 20, one slot, 20 short jobs; the connection is closed while they wait here")
{
    public override On On => On.Every;

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:Concurrency", "1"), Set("Worker:Prefetch", "20")];

    public override IReadOnlyList<Mutant> Remedy => [Mutants.StaleDeliveries, Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SendManyAsync(20, seconds: 0.2);
        bench.Proxy.Reset();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class AllConnectionsClosed() : Fault("connections-closed-5x", "rabbitmqctl close_all_connections, 5 times under load")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        using var enough = new CancellationTokenSource();
        var load = LoadAsync(bench, enough.Token);
        for (var time = 0; time < 5; time++)
        {
            await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");
            await Task.Delay(1000);
        }
        bench.Over();
        await enough.CancelAsync();
        await load;
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task LoadAsync(Bench bench, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await bench.SendAsync(seconds: 0.6);
            await Task.Delay(100, CancellationToken.None);
        }
    }
}

internal sealed class AllConnectionsClosedOften() : Fault("connections-closed-50x", "rabbitmqctl close_all_connections every 2 s, 50 times, under load")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        for (var time = 0; time < 50; time++)
        {
            await bench.SendManyAsync(5, seconds: 0.7);
            await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");
            await Task.Delay(1000);
        }
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(30));
        await bench.CleanAsync(TimeSpan.FromSeconds(30));
    }
}

internal sealed class HalfOpen() : Fault("half-open", "iptables in the broker's network namespace drops 5672 both ways for 120 s, a job running")
{
    public override bool IsQuick => false;

    public override bool NeedsContainer => true;

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Broker:Heartbeat", "00:10:00"), Set("Broker:ConfirmTimeout", "00:10:00"), Set("Broker:ConnectTimeout", "00:05:00")];

    public override async Task RunAsync(Bench bench)
    {
        var container = (ContainerBroker)bench.Broker;
        var address = await container.AddressAsync();
        await bench.WarmUpAsync(Set("Broker:Server", address.Address.ToString()), Set("Broker:Port", "5672"));
        var job = await bench.SendAsync(seconds: 10);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));

        string[] rule = ["-s", "172.16.0.0/12", "-p", "tcp", "--dport", "5672", "-j", "DROP"], back = ["-d", "172.16.0.0/12", "-p", "tcp", "--sport", "5672", "-j", "DROP"];
        await container.InNetworkAsync(["iptables", "-A", "INPUT", .. rule]);
        await container.InNetworkAsync(["iptables", "-A", "OUTPUT", .. back]);
        var isDropped = true;
        async Task RestoreAsync()
        {
            if (!isDropped) return;
            isDropped = false;
            await container.InNetworkAsync(["iptables", "-D", "INPUT", .. rule]);
            await container.InNetworkAsync(["iptables", "-D", "OUTPUT", .. back]);
        }
        bench.Undo(RestoreAsync);
        await bench.NotReadyAsync(TimeSpan.FromSeconds(40));
        Bench.Check((await bench.Worker.LiveAsync()).IsOk, "not alive");
        await Task.Delay(TimeSpan.FromSeconds(90));
        await RestoreAsync();
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(45));
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(60));
    }
}

internal sealed class HeldBothWays() : Fault("held-both-ways", "the proxy holds everything, both ways, for ever; new connections pass; heartbeat 2 s")
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Broker:Heartbeat", "00:00:02")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Broker:Heartbeat", "00:10:00"), Set("Broker:ConnectTimeout", "00:05:00")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 3);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        bench.Proxy.Hold(Direction.Both);
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(30));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class Flapping() : Fault("flapping", "the proxy opens and closes every second for five minutes")
{
    public override bool IsQuick => false;

    public override TimeSpan Limit => TimeSpan.FromMinutes(10);

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var before = bench.Proxy.Accepted;
        for (var second = 0; second < 300; second += 2)
        {
            await bench.SendAsync(seconds: 1);
            bench.Proxy.Close();
            bench.Proxy.Reset();
            await Task.Delay(1000);
            bench.Proxy.Open();
            await Task.Delay(1000);
        }
        bench.Over();
        var tries = bench.Proxy.Accepted - before;
        await bench.RecoverAsync(TimeSpan.FromSeconds(30));
        await bench.CleanAsync(TimeSpan.FromSeconds(60));
        Bench.Check(tries < 400, $"{tries.ToString(CultureInfo.InvariantCulture)} connections in 300 s: no backoff");
    }
}

internal sealed class SlowLink() : Fault("slow-link", "every piece 3 s ± 1 s late, cut into 100 bytes, for a minute")
{
    public override bool IsQuick => false;

    public override string NoRemedy => "deadlines and the probe's patience are long enough as they are";

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        (bench.Proxy.Delay, bench.Proxy.Slice) = (TimeSpan.FromSeconds(3), 100);
        await bench.SendManyAsync(10, seconds: 1);
        await Task.Delay(TimeSpan.FromSeconds(60));
        Bench.Check(!bench.Worker.HasLogged("Lost the broker"), "a false alarm");
        (bench.Proxy.Delay, bench.Proxy.Slice) = (TimeSpan.Zero, 0);
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(30));
    }
}
