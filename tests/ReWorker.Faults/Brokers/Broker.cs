using System.Net;

namespace ReWorker.Faults;

/// <summary>The brokers that a row is about.</summary>
[Flags]
internal enum On
{
    V43 = 1,
    V40 = 2,
    V310 = 4,
    Every = V43 | V40 | V310,
}

/// <summary>A RabbitMQ to be ill-treated: one for all rows, each of which has a virtual host of its own.</summary>
internal abstract class Broker : IAsyncDisposable
{
    private readonly SemaphoreSlim _asking = new(1);

    public abstract On Kind { get; }

    public string Version { get; protected set; } = "";

    /// <summary>Where the nodes listen.</summary>
    public abstract IReadOnlyList<IPEndPoint> Nodes { get; }

    /// <summary>Runs <c>rabbitmqctl</c> on the (first living) node.</summary>
    public abstract Task<string> ControlAsync(params string[] arguments);

    /// <summary>The value of an Erlang expression on the node: by <c>erl_call</c> in milliseconds, or by rabbitmqctl, which starts a virtual machine.</summary>
    public async Task<string> EvalAsync(string erlang)
    {
        // one at a time: a node turns away some of many that come at once
        await _asking.WaitAsync();
        try
        {
            var (code, output, _) = await ErlCallAsync(erlang);
            if (code == 0 && output.StartsWith("{ok, ", StringComparison.Ordinal)) return output.Trim()[5..^1];
        }
        finally
        {
            _asking.Release();
        }
        return await ControlAsync("eval", erlang);
    }

    /// <summary>Prints <c>{ok, Value}</c> if it can.</summary>
    protected abstract Task<(int Code, string Output, string Error)> ErlCallAsync(string erlang);

    public abstract Task KillAsync();

    public abstract Task StartAsync();

    /// <summary>Stops its processes in mid-air.</summary>
    public abstract Task FreezeAsync();

    public abstract Task ThawAsync();

    public abstract ValueTask DisposeAsync();

    protected async Task ReadVersionAsync() => Version = (await EvalAsync("rabbit_misc:version().")).Trim().Trim('"');
}
