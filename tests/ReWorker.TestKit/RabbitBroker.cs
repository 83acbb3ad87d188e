using System.Net;

namespace ReWorker.TestKit;

/// <summary>A RabbitMQ that a run starts for itself, and may do anything to.</summary>
public abstract class RabbitBroker : IAsyncDisposable
{
    private readonly SemaphoreSlim _asking = new(1);

    public string Version { get; private set; } = "";

    /// <summary>Where its nodes listen.</summary>
    public abstract IReadOnlyList<IPEndPoint> Nodes { get; }

    /// <summary>Starts the broker and waits until it answers.</summary>
    public async Task<RabbitBroker> OpenAsync()
    {
        try
        {
            await LaunchAsync();
            Version = (await EvalAsync("rabbit_misc:version().")).Trim('"');
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <c>rabbitmqctl</c> on the first node that is up.</summary>
    public abstract Task<string> ControlAsync(params string[] arguments);

    /// <summary>
    /// The value of an Erlang expression on the node: by <c>erl_call</c>, which takes milliseconds, or else by
    /// <c>rabbitmqctl eval</c>, which starts a virtual machine.
    /// </summary>
    public async Task<string> EvalAsync(string erlang)
    {
        // one at a time: a node rejects some of many calls that come at once
        await _asking.WaitAsync();
        try
        {
            var call = await ErlCallAsync(erlang);
            if (call.ExitCode == 0 && call.StandardOutput.StartsWith("{ok, ", StringComparison.Ordinal))
                return call.StandardOutput.Trim()[5..^1].Trim();
        }
        finally
        {
            _asking.Release();
        }
        return await ControlAsync("eval", erlang);
    }

    /// <summary>Kills the node; its port and its data stay.</summary>
    public virtual Task KillAsync() => throw new NotSupportedException();

    /// <summary>Starts the node that was killed.</summary>
    public virtual Task StartAsync() => throw new NotSupportedException();

    /// <summary>Suspends the node's processes.</summary>
    public virtual Task FreezeAsync() => throw new NotSupportedException();

    public virtual Task ThawAsync() => throw new NotSupportedException();

    public abstract ValueTask DisposeAsync();

    protected abstract Task LaunchAsync();

    /// <summary>Prints <c>{ok, Value}</c> if it can.</summary>
    protected internal abstract Task<CommandResult> ErlCallAsync(string erlang);
}
