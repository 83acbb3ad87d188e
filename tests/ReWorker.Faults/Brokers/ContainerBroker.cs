using System.Net;
using System.Net.Sockets;

namespace ReWorker.Faults;

/// <summary>A RabbitMQ in a container of its own, on a port that stays the same when it is killed and started again.</summary>
internal sealed class ContainerBroker(On kind, string image) : Broker
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<int, bool> Given = [];

    public override On Kind => kind;

    public string Name { get; } = $"reworker-faults-{Guid.NewGuid().ToString("N")[..8]}";

    public override IReadOnlyList<IPEndPoint> Nodes { get; } = [new(IPAddress.Loopback, FreePort())];

    public static async Task<bool> HasEngineAsync()
    {
        if (Environment.GetEnvironmentVariable("REWORKER_DOCKER") == "0") return false;
        try
        {
            return (await Shell.TryAsync("docker", "info")).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    public async Task<Broker> OpenAsync()
    {
        await Shell.RunAsync("docker", "run", "-d", "--name", Name, "--hostname", Name, "-p", $"{Nodes[0]}:5672", image);
        await AwaitStartAsync();
        await ReadVersionAsync();
        return this;
    }

    public override Task<string> ControlAsync(params string[] arguments) => Shell.RunAsync("docker", ["exec", Name, "rabbitmqctl", "-q", .. arguments]);

    protected override Task<(int Code, string Output, string Error)> ErlCallAsync(string erlang) => ErlCallAsync(Name, erlang);

    /// <summary>The same in any container with a node.</summary>
    public static Task<(int Code, string Output, string Error)> ErlCallAsync(string container, string erlang) => Shell.TryAsync(
        "docker", "exec", container, "sh", "-c", """printf '%s\n' "$1" | timeout 5 erl_call -sname "rabbit@$(hostname)" -c "$(cat /var/lib/rabbitmq/.erlang.cookie)" -e""", "sh", erlang);

    public override Task KillAsync() => Shell.RunAsync("docker", "kill", "-s", "KILL", Name);

    public override async Task StartAsync()
    {
        await Shell.RunAsync("docker", "start", Name);
        await AwaitStartAsync();
    }

    public override Task FreezeAsync() => Shell.RunAsync("docker", "pause", Name);

    public override Task ThawAsync() => Shell.RunAsync("docker", "unpause", Name);

    /// <summary>Runs a command in the container's own network namespace.</summary>
    public async Task InNetworkAsync(params string[] command) =>
        await Shell.RunAsync("nsenter", ["-t", (await Shell.RunAsync("docker", "inspect", "-f", "{{.State.Pid}}", Name)).Trim(), "-n", .. command]);

    /// <summary>The container's address on the engine's network: no port forwarder in between.</summary>
    public async Task<IPEndPoint> AddressAsync() =>
        new(IPAddress.Parse((await Shell.RunAsync("docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", Name)).Trim()), 5672);

    public override async ValueTask DisposeAsync()
    {
        await Shell.TryAsync("docker", "unpause", Name);
        await Shell.TryAsync("docker", "rm", "-f", "-v", Name);
    }

    public static int FreePort()
    {
        // below the range that the kernel gives to connections, so that none takes it while the broker is down
        while (true)
        {
            var port = Random.Shared.Next(26_000, 31_000);
            if (!Given.TryAdd(port, true)) continue;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // taken
            }
        }
    }

    private async Task AwaitStartAsync()
    {
        for (var tries = 0; (await Shell.TryAsync("docker", "exec", Name, "rabbitmqctl", "-q", "await_startup")).Code != 0; tries++)
        {
            if (tries > 100) throw new InvalidOperationException($"{image} did not start: {await Shell.RunAsync("docker", "logs", "--tail", "20", Name)}");
            await Task.Delay(500);
        }
    }
}
