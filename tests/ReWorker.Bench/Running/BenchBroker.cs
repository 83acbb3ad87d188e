using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ReWorker.TestKit;

namespace ReWorker.Bench.Running;

/// <summary>The broker of a run: a container if there is a Docker engine, otherwise a private node.</summary>
internal sealed class BenchBroker(RabbitBroker broker, IPEndPoint address, int? pid) : IAsyncDisposable
{
    /// <summary>Keeps the broker's idle threads from spinning, because the broker shares the machine.</summary>
    private const string NoSpinning = "+sbwt none +sbwtdcpu none +sbwtdio none";

    public Uri Address { get; } = new($"amqp://guest:guest@{address}/");

    public string Version => broker.Version;

    /// <summary>The node's CPU time in seconds. Null if its process is not visible from here.</summary>
    public double? Cpu
    {
        get
        {
            try
            {
                return pid is null ? null : Process.GetProcessById(pid.Value).TotalProcessorTime.TotalSeconds;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                return null;
            }
        }
    }

    public static async Task<BenchBroker> OpenAsync(string image)
    {
        if (!await ContainerBroker.HasEngineAsync())
        {
            var node = await new PrivateBroker(NoSpinning).OpenAsync();
            return new BenchBroker(node, node.Nodes[0], Pid((await node.EvalAsync("os:getpid().")).Trim('"')));
        }
        var container = new ContainerBroker(image, NoSpinning);
        await container.OpenAsync();
        var processes = (await Command.TryAsync("docker", "top", container.Name, "-o", "pid,comm")).StandardOutput;
        var beam = processes.Split('\n').FirstOrDefault(line => line.Contains(" beam", StringComparison.Ordinal));
        return new BenchBroker(container, await FindAddressAsync(container), Pid(beam?.Trim().Split(' ')[0]));
    }

    public ValueTask DisposeAsync() => broker.DisposeAsync();

    private static int? Pid(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    /// <summary>Prefers the container's own address, because a port forwarder adds latency.</summary>
    private static async Task<IPEndPoint> FindAddressAsync(ContainerBroker container)
    {
        var address = await container.AddressAsync();
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(address).WaitAsync(TimeSpan.FromSeconds(2));
            return address;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return container.Nodes[0];
        }
    }
}
