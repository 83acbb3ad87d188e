using System.Diagnostics;
using System.Net;

namespace ReWorker.Faults;

/// <summary>The distribution's RabbitMQ by broker.sh: it can be stopped and frozen, but a killed one does not come back.</summary>
internal sealed class PrivateBroker : Broker
{
    private Process? _script;
    private string _rabbitmqctl = "";
    private string _pid = "";

    public override On Kind => On.V310;

    public override IReadOnlyList<IPEndPoint> Nodes => [new(IPAddress.Loopback, Port)];

    private int Port { get; set; }

    public static bool IsThere => File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server");

    public async Task<Broker> OpenAsync()
    {
        _script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "broker.sh")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _script.ErrorDataReceived += (_, _) => { };
        _script.BeginErrorReadLine();
        Port = new Uri(await _script.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("broker.sh started no broker")).Port;
        _rabbitmqctl = (await _script.StandardOutput.ReadLineAsync())!.Replace("rabbitmqctl: ", "", StringComparison.Ordinal);
        _pid = (await EvalAsync("os:getpid().")).Trim().Trim('"');
        await ReadVersionAsync();
        return this;
    }

    public override Task<string> ControlAsync(params string[] arguments) => Shell.RunAsync(_rabbitmqctl, ["-q", .. arguments]);

    // broker.sh: the next port is that of its own name server
    protected override Task<(int Code, string Output, string Error)> ErlCallAsync(string erlang) => Shell.TryAsync(
        "sh", "-c", """printf '%s\n' "$3" | ERL_EPMD_PORT=$1 timeout 5 erl_call -sname broker@localhost -c "$(cat "$2/.erlang.cookie")" -e""",
        "sh", $"{Port + 1}", Path.GetDirectoryName(_rabbitmqctl)!, erlang);

    public override Task KillAsync() => throw new NotSupportedException();

    public override Task StartAsync() => throw new NotSupportedException();

    public override Task FreezeAsync() => Shell.RunAsync("kill", "-STOP", _pid);

    public override Task ThawAsync() => Shell.RunAsync("kill", "-CONT", _pid);

    public override async ValueTask DisposeAsync()
    {
        if (_script is null) return;
        await Shell.TryAsync("kill", "-CONT", _pid);
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
    }
}
