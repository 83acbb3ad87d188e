using System.Text;
using System.Text.Json;
using My.Step_1.Tests;
using ReWorker.Tests.Contract;
using Xunit;

[assembly: AssemblyFixture(typeof(PikaOfTheRun))]

namespace ReWorker.Tests.Contract;

/// <summary>The run's only Python process, started when the first test needs it.</summary>
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

/// <summary>The fixture of a test class that needs a broker and an independent requester on it.</summary>
public class PikaBus(SharedBroker broker, PikaOfTheRun pika) : IAsyncLifetime
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

    /// <summary>Adds a user with full permissions, in one call: each rabbitmqctl starts a virtual machine.</summary>
    public Task AddUserAsync(string name, string password) => RunRabbitmqctlAsync("eval",
        $"""
        User = <<"{name}">>, All = <<".*">>,
        rabbit_auth_backend_internal:add_user(
            User, base64:decode(<<"{Convert.ToBase64String(Encoding.UTF8.GetBytes(password))}">>), <<"test">>),
        rabbit_auth_backend_internal:set_permissions(User, <<"/">>, All, All, All, <<"test">>).
        """);

    /// <summary>Opens a reply queue that also receives the output and the notifications of its jobs.</summary>
    public async Task<Session> OpenAsync()
    {
        // the queue is bound to the exchange, and no worker may have declared that yet
        await Requester.CallAsync("exchange", new { name = "re", kind = "topic", durable = true });
        return await Session.OpenAsync(Requester, "output", "notify.#");
    }

    public async Task<(int Messages, int Consumers)> CountAsync(string queue)
    {
        var answer = await Requester.CallAsync("count", new { name = queue });
        return (answer.GetProperty("messages").GetInt32(), answer.GetProperty("consumers").GetInt32());
    }

    public Task DeclareAsync(string queue, object arguments, bool durable = true) =>
        Requester.CallAsync("declare", new { name = queue, durable, arguments });

    public Task DeleteAsync(params string[] names) => Requester.CallAsync("delete", new { names });

    /// <summary>Waits for a message in a queue and removes it.</summary>
    public async Task<ReceivedMessage> TakeAsync(string queue, CancellationToken cancel)
    {
        for (var tries = 0; tries < 400; tries++)
        {
            var answer = await Requester.CallAsync("get", new { name = queue });
            if (answer.TryGetProperty("key", out _)) return ReceivedMessage.Parse(answer);
            await Task.Delay(50, cancel);
        }
        throw new TimeoutException($"no message arrived in {queue}");
    }

    public Task<JsonElement> CallAsync(string command, object arguments) => Requester.CallAsync(command, arguments);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
