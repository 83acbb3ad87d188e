using System.Globalization;
using System.Net;
using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>Faults between the worker and the broker.</summary>
internal static class Connections
{
    public static Fault[] Rows { get; } =
    [
        new("broker-absent-at-start", "the port is closed when the worker starts, and opens after 5 s")
        {
            Remedy = [Remedies.Reconnect],
            StartsWorker = false,
            Inject = async bench =>
            {
                bench.Proxy.Close();
                bench.StartWorker();
                await bench.NotReadyAsync(within: 10);
                await Task.Delay(5000);
                await bench.StillAliveAsync();
                bench.CheckTries(2, 8);
                bench.Proxy.Open();
            },
            ReadyWithin = 30,
            CleanWithin = 5,
        },

        new("name-unresolved", "the host name does not resolve until /etc/hosts is corrected")
        {
            Remedy = [Remedies.Reconnect],
            StartsWorker = false,
            Inject = async bench =>
            {
                bench.StartWorker(("Broker:Server", "no-such-host.invalid"));
                await bench.UntilSaidAsync("Could not connect", within: 30);
                await bench.AliveAsync();
                await bench.Worker.SignalAsync("KILL");

                var hosts = await bench.TempFileAsync("127.0.0.2 localhost\n");
                bench.StartWorker(
                    start => OwnMounts.Hosts(start, hosts, bench.Program), ("Broker:Server", "broker.example.test"));
                await bench.UntilSaidAsync("Could not connect", within: 30);
                await File.WriteAllTextAsync(hosts, "127.0.0.1 broker.example.test\n");
            },
            ReadyWithin = 30,
            CleanWithin = 5,
        },

        // the client itself tries only the first address of a name
        new(
            "name-of-several",
            "the host name has three addresses, as a cluster's may; one refuses connections, one is silent")
        {
            Remedy = [Remedies.EveryAddress],
            StartsWorker = false,
            Inject = async bench =>
            {
                var hosts = await bench.TempFileAsync(
                    "127.0.0.1 broker.example.test\n127.0.0.2 broker.example.test\n127.0.0.3 broker.example.test\n");
                var second = new Proxy(bench.Broker.Nodes, IPAddress.Parse("127.0.0.2"));
                bench.Undo(() => second.DisposeAsync().AsTask());
                var silent = new SilentAddress(new IPEndPoint(IPAddress.Parse("127.0.0.3"), second.Port));
                bench.Undo(() => Task.Run(silent.Dispose));
                bench.StartWorker(
                    start => OwnMounts.Hosts(start, hosts, bench.Program),
                    ("Broker:Server", "broker.example.test"),
                    ("Broker:Port", second.Port.ToString(CultureInfo.InvariantCulture)));
                await bench.ReadyAsync(within: 30);
                await bench.SendManyAsync(10, seconds: 0.3);
                second.Reset();
            },
            RecoversWithin = 15,
        },

        new("silent-port", "the port accepts connections and never answers; then the broker is behind it")
        {
            Settings = { ["Broker:ConnectTimeout"] = "00:00:03" },
            WithoutRemedy = { ["Broker:ConnectTimeout"] = "00:05:00" },
            StartsWorker = false,
            Inject = async bench =>
            {
                bench.Proxy.IsSilent = true;
                bench.StartWorker();
                await UntilAsync("at its third attempt", 20, () => bench.Proxy.Accepted >= 3);
                await bench.AliveAsync();
                bench.Proxy.IsSilent = false;
            },
            ReadyWithin = 30,
            CleanWithin = 5,
        },

        new(
            "tls",
            "the certificate is expired, for another name, or from an unknown authority; the port is plaintext; "
            + "then everything is valid")
        {
            WithoutRemedy = { ["Broker:Ssl"] = "false" },
            StartsWorker = false,
            Inject = UntrustedAsync,
            ReadyWithin = 30,
            CleanWithin = 5,
            IsRestarted = true,
        },

        new(
            "secret-rotated",
            "change_password and close_all_connections; 3 s later /run/secrets has the new password")
        {
            Remedy = [Remedies.FreshSecrets],
            StartsWorker = false,
            Inject = async bench =>
            {
                var folder = bench.TempFolder();
                var file = Path.Combine(folder, "Broker__Password");
                await File.WriteAllTextAsync(file, bench.Password);
                bench.StartWorker(
                    start => OwnMounts.Secrets(start, folder, bench.Program), ("Broker:Password", "s3cr3t-not-used"));
                await bench.ReadyAsync(within: 30);
                await bench.SetPasswordAsync("s3cr3t-rotated");
                await bench.CloseConnectionsAsync();
                await bench.UntilSaidAsync("rejected the user name or password", within: 30);
                await Task.Delay(3000);
                await File.WriteAllTextAsync(file, "s3cr3t-rotated");
            },
            RecoversWithin = 15,
            CleanWithin = 5,
        },

        new("tcp-reset", "the proxy resets every connection under load")
        {
            On = On.Every,
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                await bench.SendManyAsync(20, seconds: 0.5);
                bench.Proxy.Reset();
            },
            RecoversWithin = 5,
            CleanWithin = 15,
            Reconnects = 1,
        },

        new("connections-closed-5x", "rabbitmqctl close_all_connections, 5 times under load")
        {
            On = On.Every,
            Remedy = [Remedies.Adoption],
            Inject = async bench =>
            {
                using var enough = new CancellationTokenSource();
                var load = LoadAsync(bench, enough.Token);
                for (var time = 0; time < 5; time++)
                {
                    await bench.CloseConnectionsAsync();
                    await Task.Delay(1000);
                }
                bench.Over();
                await enough.CancelAsync();
                await load;
            },
            RecoversWithin = 15,
            CleanWithin = 20,
        },

        new("connections-closed-50x", "rabbitmqctl close_all_connections every 2 s, 50 times under load")
        {
            IsQuick = false,
            Remedy = [Remedies.Adoption],
            Inject = async bench =>
            {
                for (var time = 0; time < 50; time++)
                {
                    await bench.SendManyAsync(5, seconds: 0.7);
                    await bench.CloseConnectionsAsync();
                    await Task.Delay(1000);
                }
            },
            RecoversWithin = 30,
            CleanWithin = 30,
        },

        new(
            "held-both-ways",
            "the proxy stops forwarding on all open connections, in both directions; Broker:Heartbeat is 2 s")
        {
            Settings = { ["Broker:Heartbeat"] = "00:00:02" },
            WithoutRemedy = { ["Broker:Heartbeat"] = "00:10:00", ["Broker:ConnectTimeout"] = "00:05:00" },
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 3);
                bench.Proxy.Hold(Direction.Both);
            },
            RecoversWithin = 30,
        },

        new(
            "confirm-withheld",
            "the proxy withholds the confirm of a terminal reply: once with the reply, once without")
        {
            On = On.Every,
            IsQuick = false,
            Settings = { ["Broker:ConfirmTimeout"] = "00:00:03" },
            Remedy = [Remedies.Resend],
            Inject = WithholdConfirmsAsync,
        },

        new(
            "confirm-deadline",
            "the proxy stops forwarding on the publishing connection: only the confirm timeout notices")
        {
            Settings = { ["Broker:ConfirmTimeout"] = "00:00:03" },
            WithoutRemedy = { ["Broker:ConfirmTimeout"] = "00:10:00", ["Broker:Heartbeat"] = "00:10:00" },
            Inject = async bench =>
            {
                bench.Proxy.Hold(Direction.Both, "publishes");
                var job = await bench.SendAsync();
                bench.Over();
                await CompletedAsync(job, within: 15);
            },
        },

        new("stale-deliveries", "the connections are reset while 20 prefetched jobs wait for the worker's only slot")
        {
            On = On.Every,
            Settings = { ["Worker:Concurrency"] = "1", ["Worker:Prefetch"] = "20" },
            Remedy = [Remedies.StaleDeliveries, Remedies.Adoption],
            Inject = async bench =>
            {
                await bench.SendManyAsync(20, seconds: 0.2);
                bench.Proxy.Reset();
            },
            RecoversWithin = 20,
        },

        new(
            "half-open",
            "iptables in the broker's network namespace drops port 5672 in both directions for 120 s; a job runs")
        {
            IsQuick = false,
            NeedsContainer = true,
            WithoutRemedy =
            {
                ["Broker:Heartbeat"] = "00:10:00",
                ["Broker:ConfirmTimeout"] = "00:10:00",
                ["Broker:ConnectTimeout"] = "00:05:00",
            },
            StartsWorker = false,
            Inject = DropPacketsAsync,
            ReadyWithin = 45,
            RecoversWithin = 20,
            CleanWithin = 60,
        },

        new("flapping", "the proxy opens and closes every second for five minutes")
        {
            IsQuick = false,
            Limit = TimeSpan.FromMinutes(10),
            Remedy = [Remedies.Adoption],
            Inject = async bench =>
            {
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
                var attempts = bench.Proxy.Accepted - before;
                bench.Then(() => attempts < 400, () => $"{attempts} connections in 300 s: no backoff");
            },
            RecoversWithin = 30,
            CleanWithin = 60,
        },

        new("slow-link", "for a minute the proxy delays everything by 3 s ± 1 s and cuts it into pieces of 100 bytes")
        {
            IsQuick = false,
            NoRemedy = "the timeouts and the probe's patience are long enough by themselves",
            Inject = async bench =>
            {
                (bench.Proxy.Delay, bench.Proxy.Slice) = (TimeSpan.FromSeconds(3), 100);
                await bench.SendManyAsync(10, seconds: 1);
                await Task.Delay(TimeSpan.FromSeconds(60));
                Check(!bench.Worker.HasLogged("Lost the connection"), "a false alarm");
                (bench.Proxy.Delay, bench.Proxy.Slice) = (TimeSpan.Zero, 0);
            },
            RecoversWithin = 20,
            CleanWithin = 30,
        },

        new("long-pauses", "nothing listens for 95 s and Broker:MaxBackoff is a minute; the worker stays alive")
        {
            IsQuick = false,
            Settings =
            {
                ["Broker:Port"] = "1",
                ["Broker:MaxBackoff"] = "00:01:00",
                ["Broker:ConnectTimeout"] = "00:00:02",
            },
            Remedy = [Remedies.SignOfLife],
            StartsWorker = false,
            JudgesItself = true,
            Inject = async bench =>
            {
                bench.StartWorker();
                await bench.NotReadyAsync(within: 20);
                for (var second = 0; second < 95; second++)
                {
                    await bench.StillAliveAsync($"not alive after {second} s");
                    await Task.Delay(1000);
                }
            },
        },
    ];

    private static async Task LoadAsync(Bench bench, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested)
        {
            await bench.SendAsync(seconds: 0.6);
            await Task.Delay(100, CancellationToken.None);
        }
    }

    private static async Task UntrustedAsync(Bench bench)
    {
        var certificates = new Certificates();
        bench.Undo(() => Task.Run(certificates.Dispose));
        var authority = await bench.TempFileAsync(certificates.AuthorityPem);
        var front = new TlsFront(bench.Broker.Nodes[0]);
        bench.Undo(() => front.DisposeAsync().AsTask());

        foreach (var certificate in new[] { certificates.Expired, certificates.OtherName, certificates.OtherAuthority })
        {
            front.Certificate = certificate;
            var refusing = Start(front.Port);
            await bench.UntilSaidAsync("Could not connect", within: 30);
            await Task.Delay(1000);
            Check(front.Passed == 0, "it talked to a broker that it must not trust");
            Check(bench.Worker.HasLogged("certificate"), "the log does not blame the certificate");
            await refusing.DisposeAsync();
        }
        var plain = Start(bench.Proxy.Port);
        await bench.UntilSaidAsync("Could not connect", within: 30);
        Check(bench.Worker.HasLogged("does not speak TLS"), "the log does not say that the port does not speak TLS");
        await bench.UnreadyAsync("ready, over a plaintext port");
        await plain.DisposeAsync();

        front.Certificate = certificates.Good;
        Start(front.Port);

        WorkerProcess Start(int port) => bench.StartWorker(
            ("Broker:Ssl", "true"), ("Broker:CaFile", authority), ("Broker:Server", "localhost"),
            ("Broker:Port", port.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task WithholdConfirmsAsync(Bench bench)
    {
        var job = await bench.StartJobAsync(seconds: 4);
        // by then the broker has confirmed started
        await Task.Delay(1000);
        // both directions: if the broker had the reply, only a copy would show that it was sent twice
        bench.Proxy.Hold(Direction.Both, "publishes");
        await Task.Delay(4000);
        // the query takes time: when it answers, the reply may have been sent again and confirmed
        var queue = await bench.QueueAsync(Queue);
        Check(
            queue.Ready + queue.Unacked == 1 || bench.Worker.HasLogged("was not confirmed within"),
            "the job was acknowledged before its reply was confirmed");
        await CompletedAsync(job, within: 20);

        // this time the broker has the reply, and only the confirm is withheld
        var other = await bench.StartJobAsync(seconds: 4);
        await Task.Delay(1000);
        bench.Proxy.Hold(Direction.ToWorker, "publishes");
        await UntilAsync("given up a second time", 15, () => bench.Worker.Count("was not confirmed within") == 2);
        bench.Then(() => other.Copies > 0, () => "the reply did not come again under its id");
    }

    private static async Task DropPacketsAsync(Bench bench)
    {
        var container = (ContainerBroker)bench.Broker;
        var address = await container.AddressAsync();
        await bench.WarmUpAsync(("Broker:Server", address.Address.ToString()), ("Broker:Port", "5672"));
        await bench.StartJobAsync(seconds: 10);

        await RulesAsync("-A");
        var restore = bench.Undo(() => RulesAsync("-D"));
        await bench.NotReadyAsync(within: 40);
        await bench.StillAliveAsync();
        await Task.Delay(TimeSpan.FromSeconds(90));
        await restore();

        async Task RulesAsync(string action)
        {
            string[] network = ["172.16.0.0/12", "-p", "tcp"], drop = ["5672", "-j", "DROP"];
            await container.InNetworkAsync(["iptables", action, "INPUT", "-s", .. network, "--dport", .. drop]);
            await container.InNetworkAsync(["iptables", action, "OUTPUT", "-d", .. network, "--sport", .. drop]);
        }
    }
}
