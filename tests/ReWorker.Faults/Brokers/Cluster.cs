using System.Net;

namespace ReWorker.Faults;

/// <summary>Three nodes in containers on a network of their own; their quorum queues have a member on each.</summary>
internal sealed class Cluster(string image) : Broker
{
    private readonly string _network = $"reworker-faults-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly IPEndPoint[] _nodes = [.. Enumerable.Range(0, 3).Select(_ => new IPEndPoint(IPAddress.Loopback, ContainerBroker.FreePort()))];

    public override On Kind => On.V43;

    public override IReadOnlyList<IPEndPoint> Nodes => _nodes;

    public async Task<Broker> OpenAsync()
    {
        await Shell.RunAsync("docker", "network", "create", _network);
        for (var node = 0; node < 3; node++)
            await Shell.RunAsync("docker", "run", "-d", "--name", Name(node), "--hostname", Name(node), "--network", _network, "-p", $"{_nodes[node]}:5672", image);
        for (var node = 0; node < 3; node++) await AwaitAsync(node);

        var cookie = (await Shell.RunAsync("docker", "exec", Name(0), "cat", "/var/lib/rabbitmq/.erlang.cookie")).Trim();
        for (var node = 1; node < 3; node++)
        {
            const string share = "cd /var/lib/rabbitmq && [ \"$(cat .erlang.cookie)\" = \"$1\" ] || { chmod 600 .erlang.cookie && printf %s \"$1\" >.erlang.cookie && chmod 400 .erlang.cookie && echo changed; }";
            if ((await Shell.RunAsync("docker", "exec", Name(node), "sh", "-c", share, "sh", cookie)).Length > 0)
            {
                await Shell.RunAsync("docker", "restart", Name(node));
                await AwaitAsync(node);
            }
            foreach (var step in new string[][] { ["stop_app"], ["join_cluster", $"rabbit@{Name(0)}"], ["start_app"] })
                await Shell.RunAsync("docker", ["exec", Name(node), "rabbitmqctl", "-q", .. step]);
        }
        await ReadVersionAsync();
        return this;
    }

    public override async Task<string> ControlAsync(params string[] arguments)
    {
        Exception? last = null;
        for (var node = 0; node < 3; node++)
        {
            try
            {
                return await Shell.RunAsync("docker", ["exec", Name(node), "rabbitmqctl", "-q", .. arguments]);
            }
            catch (InvalidOperationException e)
            {
                last = e;
            }
        }
        throw last!;
    }

    protected override async Task<(int Code, string Output, string Error)> ErlCallAsync(string erlang)
    {
        (int Code, string Output, string Error) answer = default;
        for (var node = 0; node < 3; node++)
        {
            answer = await ContainerBroker.ErlCallAsync(Name(node), erlang);
            if (answer.Code == 0) break;
        }
        return answer;
    }

    /// <summary>Which node leads a queue.</summary>
    public Task<int> LeaderAsync(string vhost, string queue) => NodeAsync(vhost, queue, "element(2, amqqueue:get_pid(Q))");

    /// <summary>Which node a queue's only consumer is connected to.</summary>
    public Task<int> ConsumedAsync(string vhost, string queue) => NodeAsync(vhost, queue, "node(element(1, hd(rabbit_amqqueue:consumers(Q))))");

    public Task KillAsync(int node) => Shell.RunAsync("docker", "kill", "-s", "KILL", Name(node));

    public async Task StartAsync(params int[] nodes)
    {
        foreach (var node in nodes) await Shell.RunAsync("docker", "start", Name(node));
        foreach (var node in nodes) await AwaitAsync(node);
    }

    public override Task KillAsync() => throw new NotSupportedException();

    public override Task StartAsync() => throw new NotSupportedException();

    public override Task FreezeAsync() => throw new NotSupportedException();

    public override Task ThawAsync() => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        for (var node = 0; node < 3; node++) await Shell.TryAsync("docker", "rm", "-f", "-v", Name(node));
        await Shell.TryAsync("docker", "network", "rm", _network);
    }

    private async Task<int> NodeAsync(string vhost, string queue, string erlang)
    {
        var name = await EvalAsync($"{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"{vhost}\">>, queue, <<\"{queue}\">>)), {erlang}.");
        return Enumerable.Range(0, 3).First(node => name.Contains($"rabbit@{Name(node)}", StringComparison.Ordinal));
    }

    private string Name(int node) => $"{_network}-{node + 1}";

    private async Task AwaitAsync(int node)
    {
        for (var tries = 0; (await Shell.TryAsync("docker", "exec", Name(node), "rabbitmqctl", "-q", "await_startup")).Code != 0; tries++)
        {
            if (tries > 100) throw new InvalidOperationException($"{Name(node)} did not start");
            await Task.Delay(500);
        }
    }
}
