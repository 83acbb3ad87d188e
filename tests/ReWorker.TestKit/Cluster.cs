using System.Net;

namespace ReWorker.TestKit;

/// <summary>Three nodes in containers on their own network. Each quorum queue has a member on every node.</summary>
public sealed class Cluster : RabbitBroker
{
    private readonly string _network = $"reworker-test-{Guid.NewGuid().ToString("N")[..8]}";
    private readonly ContainerBroker[] _nodes;

    public Cluster(string image) =>
        _nodes = [.. Enumerable.Range(0, 3).Select(_ => new ContainerBroker(image, network: _network))];

    public override IReadOnlyList<IPEndPoint> Nodes => [.. _nodes.Select(node => node.Nodes[0])];

    public override async Task<string> ControlAsync(params string[] arguments)
    {
        foreach (var node in _nodes.SkipLast(1))
        {
            try
            {
                return await node.ControlAsync(arguments);
            }
            catch (InvalidOperationException)
            {
                // this node may be down: try the next
            }
        }
        return await _nodes[^1].ControlAsync(arguments);
    }

    /// <summary>Returns the index of the node that hosts the queue's leader.</summary>
    public Task<int> LeaderNodeAsync(string vhost, string queue) =>
        FindNodeAsync(vhost, queue, "element(2, amqqueue:get_pid(Q))");

    /// <summary>Returns the index of the node that the queue's only consumer is connected to.</summary>
    public Task<int> ConsumerNodeAsync(string vhost, string queue) =>
        FindNodeAsync(vhost, queue, "node(element(1, hd(rabbit_amqqueue:consumers(Q))))");

    public Task KillAsync(int node) => _nodes[node].KillAsync();

    public Task StartAsync(params int[] nodes) => Task.WhenAll(nodes.Select(node => _nodes[node].StartAsync()));

    public override async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        await Command.TryAsync("docker", "network", "rm", _network);
    }

    protected override async Task LaunchAsync()
    {
        await Command.RunAsync("docker", "network", "create", _network);
        foreach (var node in _nodes) await node.RunAsync();
        foreach (var node in _nodes) await node.WaitUntilUpAsync();

        const string setCookie =
            """
            cd /var/lib/rabbitmq && [ "$(cat .erlang.cookie)" = "$1" ] || {
                chmod 600 .erlang.cookie && printf %s "$1" >.erlang.cookie && chmod 400 .erlang.cookie && echo changed
            }
            """;
        var cookie = await _nodes[0].ExecAsync("cat", "/var/lib/rabbitmq/.erlang.cookie");
        foreach (var node in _nodes.Skip(1))
        {
            if ((await node.ExecAsync("sh", "-c", setCookie, "sh", cookie)).Length > 0)
            {
                await Command.RunAsync("docker", "restart", node.Name);
                await node.WaitUntilUpAsync();
            }
            await node.ControlAsync("stop_app");
            await node.ControlAsync("join_cluster", $"rabbit@{_nodes[0].Name}");
            await node.ControlAsync("start_app");
        }
    }

    protected internal override async Task<CommandResult> ErlCallAsync(string erlang)
    {
        foreach (var node in _nodes.SkipLast(1))
            if (await node.ErlCallAsync(erlang) is { ExitCode: 0 } result) return result;
        return await _nodes[^1].ErlCallAsync(erlang);
    }

    private async Task<int> FindNodeAsync(string vhost, string queue, string erlang)
    {
        var node = await EvalAsync(
            $$"""
            {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{vhost}}">>, queue, <<"{{queue}}">>)), {{erlang}}.
            """);
        return Array.FindIndex(_nodes, other => node.Contains($"rabbit@{other.Name}", StringComparison.Ordinal));
    }
}
