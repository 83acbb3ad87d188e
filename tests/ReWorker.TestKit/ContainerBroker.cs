using System.Net;

namespace ReWorker.TestKit;

/// <summary>A RabbitMQ node in a container. It keeps its port when it is killed and restarted.</summary>
/// <param name="erlang">Arguments for the node's virtual machine.</param>
/// <param name="network">The Docker network that the container joins.</param>
public sealed class ContainerBroker(string image, string? erlang = null, string? network = null) : RabbitBroker
{
    private static readonly Lazy<Task<bool>> Engine = new(FindEngineAsync);

    private readonly ReservedPort _port = ReservedPort.Take();

    public string Name { get; } = $"reworker-test-{Guid.NewGuid().ToString("N")[..8]}";

    public override IReadOnlyList<IPEndPoint> Nodes => [new(IPAddress.Loopback, _port.Number)];

    /// <summary>True if a Docker engine with Compose responds and <c>REWORKER_DOCKER</c> is not 0.</summary>
    public static Task<bool> HasEngineAsync() => Engine.Value;

    public override Task<string> ControlAsync(params string[] arguments) =>
        ExecAsync(["rabbitmqctl", "-q", .. arguments]);

    public override Task KillAsync() => Command.RunAsync("docker", "kill", "-s", "KILL", Name);

    public override async Task StartAsync()
    {
        await Command.RunAsync("docker", "start", Name);
        await WaitUntilUpAsync();
    }

    public override Task FreezeAsync() => Command.RunAsync("docker", "pause", Name);

    public override Task ThawAsync() => Command.RunAsync("docker", "unpause", Name);

    /// <summary>Runs a command in the container's network namespace.</summary>
    public async Task InNetworkAsync(params string[] command) =>
        await Command.RunAsync("nsenter", ["-t", await InspectAsync("{{.State.Pid}}"), "-n", .. command]);

    /// <summary>The container's own address, which bypasses Docker's port forwarder.</summary>
    public async Task<IPEndPoint> AddressAsync() =>
        new(IPAddress.Parse(await InspectAsync("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")), 5672);

    public override async ValueTask DisposeAsync()
    {
        await Command.TryAsync("docker", "unpause", Name);
        await Command.TryAsync("docker", "rm", "-f", "-v", Name);
        _port.Dispose();
    }

    internal Task<string> ExecAsync(params string[] command) => Command.RunAsync("docker", ["exec", Name, .. command]);

    internal async Task RunAsync()
    {
        string[] options = ["--name", Name, "--hostname", Name, "-p", $"{Nodes[0]}:5672"];
        if (erlang is not null) options = [.. options, "-e", $"{PrivateBroker.ErlangArguments}={erlang}"];
        if (network is not null) options = [.. options, "--network", network];
        await Command.RunAsync("docker", ["run", "-d", .. options, image]);
    }

    internal async Task WaitUntilUpAsync()
    {
        for (var tries = 0; !await IsUpAsync(); tries++)
        {
            if (tries > 100) throw new InvalidOperationException($"{image} did not start: {await LogAsync()}");
            await Task.Delay(500);
        }

        async Task<bool> IsUpAsync() =>
            (await Command.TryAsync("docker", "exec", Name, "rabbitmqctl", "-q", "await_startup")).ExitCode == 0;
        async Task<string> LogAsync() => (await Command.TryAsync("docker", "logs", "--tail", "20", Name)).Output;
    }

    protected override async Task LaunchAsync()
    {
        await RunAsync();
        await WaitUntilUpAsync();
    }

    protected internal override Task<CommandResult> ErlCallAsync(string erlang)
    {
        const string script =
            """
            printf '%s\n' "$1" |
            timeout 5 erl_call -sname "rabbit@$(hostname)" -c "$(cat /var/lib/rabbitmq/.erlang.cookie)" -e
            """;
        return Command.TryAsync("docker", "exec", Name, "sh", "-c", script, "sh", erlang);
    }

    private Task<string> InspectAsync(string format) => Command.RunAsync("docker", "inspect", "-f", format, Name);

    private static async Task<bool> FindEngineAsync()
    {
        if (Environment.GetEnvironmentVariable("REWORKER_DOCKER") == "0") return false;
        foreach (var command in (string[][])[["info"], ["compose", "version"]])
            if ((await Command.TryAsync("docker", command)).ExitCode != 0) return false;
        return true;
    }
}
