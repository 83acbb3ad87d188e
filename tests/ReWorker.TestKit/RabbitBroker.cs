using System.Net;

namespace ReWorker.TestKit;

/// <summary>A RabbitMQ that belongs to one test run, which may kill, freeze or reconfigure it.</summary>
public abstract class RabbitBroker : IAsyncDisposable
{
    private readonly SemaphoreSlim _evaluating = new(1);

    public string Version { get; private set; } = "";

    /// <summary>The addresses that the nodes listen on.</summary>
    public abstract IReadOnlyList<IPEndPoint> Nodes { get; }

    /// <summary>Starts the broker and waits until it is up.</summary>
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
    /// Evaluates an Erlang expression on the node: with <c>erl_call</c>, which takes milliseconds, and if that fails
    /// with <c>rabbitmqctl eval</c>, which starts a virtual machine.
    /// </summary>
    public async Task<string> EvalAsync(string erlang)
    {
        // one call at a time: a node rejects some of many concurrent calls
        await _evaluating.WaitAsync();
        try
        {
            var call = await ErlCallAsync(erlang);
            if (call.ExitCode == 0 && call.StandardOutput.StartsWith("{ok, ", StringComparison.Ordinal))
                return call.StandardOutput.Trim()[5..^1].Trim();
        }
        finally
        {
            _evaluating.Release();
        }
        return await ControlAsync("eval", erlang);
    }

    /// <summary>Kills the node. It keeps its port and its data.</summary>
    public virtual Task KillAsync() => throw new NotSupportedException();

    /// <summary>Restarts a killed node.</summary>
    public virtual Task StartAsync() => throw new NotSupportedException();

    /// <summary>Suspends the node's processes.</summary>
    public virtual Task FreezeAsync() => throw new NotSupportedException();

    public virtual Task ThawAsync() => throw new NotSupportedException();

    public abstract ValueTask DisposeAsync();

    protected abstract Task LaunchAsync();

    /// <summary>Evaluates with <c>erl_call</c>, which prints <c>{ok, Value}</c> on success.</summary>
    protected internal abstract Task<CommandResult> ErlCallAsync(string erlang);
}
