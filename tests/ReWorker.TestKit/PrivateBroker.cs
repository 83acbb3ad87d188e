using System.Diagnostics;
using System.Net;

namespace ReWorker.TestKit;

/// <summary>Debian's RabbitMQ, run by broker.sh. It can't be restarted once it was killed.</summary>
/// <param name="erlang">Arguments for the node's virtual machine.</param>
public sealed class PrivateBroker(string? erlang = null) : RabbitBroker
{
    internal const string ErlangArguments = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS";

    private Process? _script;
    private string _rabbitmqctl = "";
    private string _pid = "";
    private int _port;

    public static bool IsInstalled => File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server");

    public override IReadOnlyList<IPEndPoint> Nodes => [new(IPAddress.Loopback, _port)];

    /// <summary>The path of a rabbitmqctl for this node.</summary>
    public string Rabbitmqctl => _rabbitmqctl;

    public override Task<string> ControlAsync(params string[] arguments) =>
        Command.RunAsync(_rabbitmqctl, ["-q", .. arguments]);

    public override Task FreezeAsync() => Command.RunAsync("kill", "-STOP", _pid);

    public override Task ThawAsync() => Command.RunAsync("kill", "-CONT", _pid);

    public override async ValueTask DisposeAsync()
    {
        if (_script is null) return;
        if (_pid.Length > 0) await Command.TryAsync("kill", "-CONT", _pid);
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
        _script = null;
    }

    protected override async Task LaunchAsync()
    {
        var start = new ProcessStartInfo("bash", [Repository.At("broker.sh")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (erlang is not null) start.Environment[ErlangArguments] = erlang;
        _script = Process.Start(start)!;
        var errors = _script.StandardError.ReadToEndAsync();
        var amqp = await _script.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await errors);
        _port = new Uri(amqp).Port;
        _rabbitmqctl = (await _script.StandardOutput.ReadLineAsync())!["rabbitmqctl: ".Length..];
        _pid = (await EvalAsync("os:getpid().")).Trim('"');
    }

    protected internal override Task<CommandResult> ErlCallAsync(string erlang)
    {
        // broker.sh runs the node's epmd on the port after the node's
        const string script =
            """
            printf '%s\n' "$3" |
            ERL_EPMD_PORT=$1 timeout 5 erl_call -sname broker@localhost -c "$(cat "$2/.erlang.cookie")" -e
            """;
        return Command.TryAsync("sh", "-c", script, "sh", $"{_port + 1}", Path.GetDirectoryName(_rabbitmqctl)!, erlang);
    }
}
