using System.Text.Json;
using My.Step_1.Tests;
using ReWorker.Tests.Contract;
using Xunit;

[assembly: AssemblyFixture(typeof(PikaOfTheRun))]

namespace ReWorker.Tests.Contract;

/// <summary>One python process for the whole run, started when the first test asks for it.</summary>
public sealed class PikaOfTheRun : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Requester? _requester;

    internal Requester Get(Uri amqp)
    {
        lock (_gate) return _requester ??= Requester.Start(amqp);
    }

    public ValueTask DisposeAsync() => _requester?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>What a test class asks for that needs a broker and a requester on it that is not ours.</summary>
public class PikaBus(BrokerOfTheRun broker, PikaOfTheRun pika) : IAsyncLifetime
{
    private TestBroker? _broker;
    private Requester? _requester;

    public Uri Amqp { get; protected set; } = new("amqp://none");

    internal Requester Requester
    {
        get => _requester!;
        private protected set => _requester = value;
    }

    public virtual async ValueTask InitializeAsync()
    {
        _broker = await broker.GetAsync();
        Amqp = _broker.Amqp;
        _requester = pika.Get(Amqp);
    }

    public Task<string> RunRabbitmqctlAsync(params string[] arguments) => _broker!.RunRabbitmqctlAsync(arguments);

    /// <summary>A reply queue that also hears its jobs' output and notifications.</summary>
    public async Task<Session> OpenAsync()
    {
        // the exchange may not be there yet: whoever comes first makes it
        await Requester.AskAsync("exchange", new { name = "re", kind = "topic", durable = true });
        return await Session.OpenAsync(Requester, "output", "notify.#");
    }

    public async Task<(int Messages, int Consumers)> CountAsync(string queue)
    {
        var answer = await Requester.AskAsync("count", new { name = queue });
        return (answer.GetProperty("messages").GetInt32(), answer.GetProperty("consumers").GetInt32());
    }

    public Task DeclareAsync(string queue, object arguments, bool durable = true) => Requester.AskAsync("declare", new { name = queue, durable, arguments });

    public Task DeleteAsync(params string[] names) => Requester.AskAsync("delete", new { names });

    /// <summary>Takes a message out of a queue; waits for one.</summary>
    public async Task<ReceivedMessage> TakeAsync(string queue, CancellationToken cancel)
    {
        for (var tries = 0; tries < 400; tries++)
        {
            var found = await Requester.AskAsync("get", new { name = queue });
            if (found.TryGetProperty("key", out _)) return ReceivedMessage.From(found);
            await Task.Delay(50, cancel);
        }
        throw new TimeoutException($"nothing came into {queue}");
    }

    public Task<JsonElement> AskAsync(string what, object arguments) => Requester.AskAsync(what, arguments);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
