using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace ReWorker.Bench.Running;

/// <summary>The one broker of a run: RabbitMQ in a container where an engine answers, else a private node by broker.sh.</summary>
internal sealed class BenchBroker : IAsyncDisposable
{
    /// <summary>The broker shares the machine: its threads are not to spin while they wait.</summary>
    private const string NoSpinning = "+sbwt none +sbwtdcpu none +sbwtdio none";

    private readonly string? _container;
    private readonly Process? _script;

    private BenchBroker(string? container, Process? script, Uri address, string version, int? pid) =>
        (_container, _script, Address, Version, Pid) = (container, script, address, version, pid);

    public Uri Address { get; }

    public string Version { get; }

    /// <summary>The process that does its work, if it can be seen from here.</summary>
    public int? Pid { get; }

    public static async Task<bool> HasEngineAsync() =>
        Environment.GetEnvironmentVariable("REWORKER_DOCKER") != "0" && (await Shell.TryAsync("docker", "info")).Code == 0;

    public static async Task<BenchBroker> OpenAsync(string image) => await HasEngineAsync() ? await ContainerAsync(image) : await PrivateAsync();

    public async ValueTask DisposeAsync()
    {
        if (_container is not null) await Shell.TryAsync("docker", "rm", "-f", "-v", _container);
        if (_script is null) return;
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
    }

    private static async Task<BenchBroker> ContainerAsync(string image)
    {
        var name = $"reworker-bench-{Guid.NewGuid().ToString("N")[..8]}";
        try
        {
            await Shell.RunAsync("docker", "run", "-d", "--name", name, "--hostname", name, "-p", "127.0.0.1::5672", "-e", $"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS={NoSpinning}", image);
            for (var tries = 0; (await Shell.TryAsync("docker", "exec", name, "rabbitmqctl", "-q", "await_startup")).Code != 0; tries++)
            {
                if (tries > 100) throw new InvalidOperationException($"{image} did not start");
                await Task.Delay(500);
            }
            var version = await Shell.RunAsync("docker", "exec", name, "rabbitmqctl", "-q", "eval", "rabbit_misc:version().");
            var root = int.Parse(await Shell.RunAsync("docker", "inspect", "-f", "{{.State.Pid}}", name), CultureInfo.InvariantCulture);
            return new BenchBroker(name, null, await AddressAsync(name), version.Trim('"'), ProcessTree.Find(root, "beam"));
        }
        catch
        {
            await Shell.TryAsync("docker", "rm", "-f", "-v", name);
            throw;
        }
    }

    /// <summary>The container's own address where it can be reached: a port forwarder would take its share of the time.</summary>
    private static async Task<Uri> AddressAsync(string name)
    {
        var inside = await Shell.RunAsync("docker", "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name);
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(inside, 5672).WaitAsync(TimeSpan.FromSeconds(2));
            return new Uri($"amqp://guest:guest@{inside}:5672/");
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            var port = (await Shell.RunAsync("docker", "port", name, "5672/tcp")).Split(':')[^1];
            return new Uri($"amqp://guest:guest@127.0.0.1:{port}/");
        }
    }

    private static async Task<BenchBroker> PrivateAsync()
    {
        var info = new ProcessStartInfo("bash", [Repository.At("broker.sh")]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = NoSpinning;
        var script = Process.Start(info)!;
        script.ErrorDataReceived += (_, _) => { };
        script.BeginErrorReadLine();
        var address = new Uri(await script.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("broker.sh started no broker"));
        var rabbitmqctl = (await script.StandardOutput.ReadLineAsync())!.Replace("rabbitmqctl: ", "", StringComparison.Ordinal);
        var version = await Shell.RunAsync(rabbitmqctl, "-q", "eval", "rabbit_misc:version().");
        var pid = await Shell.RunAsync(rabbitmqctl, "-q", "eval", "os:getpid().");
        return new BenchBroker(null, script, address, version.Trim('"'), int.Parse(pid.Trim('"'), CultureInfo.InvariantCulture));
    }
}
