using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ReWorker.TestKit;

namespace ReWorker.Bench.Running;

/// <summary>The broker of a run: in a container where an engine answers, else a private node.</summary>
internal sealed class BenchBroker(RabbitBroker broker, IPEndPoint address, int? pid) : IAsyncDisposable
{
    /// <summary>The broker shares the machine: its threads are not to spin while they wait.</summary>
    private const string NoSpinning = "+sbwt none +sbwtdcpu none +sbwtdio none";

    public Uri Address { get; } = new($"amqp://guest:guest@{address}/");

    public string Version => broker.Version;

    /// <summary>Seconds of CPU that the node has used; null if its process can't be seen from here.</summary>
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
        return new BenchBroker(container, await NearestAsync(container), Pid(beam?.Trim().Split(' ')[0]));
    }

    public ValueTask DisposeAsync() => broker.DisposeAsync();

    private static int? Pid(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    /// <summary>The container's own address where it can be reached: a port forwarder takes time of its own.</summary>
    private static async Task<IPEndPoint> NearestAsync(ContainerBroker container)
    {
        var inside = await container.AddressAsync();
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(inside).WaitAsync(TimeSpan.FromSeconds(2));
            return inside;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return container.Nodes[0];
        }
    }
}
