using System.Collections.Concurrent;
using RabbitMQ.Client;
using ReWorker.Tests.Fakes;

namespace ReWorker.Tests.Supervising;

/// <summary>How a fake broker answers for its queues and exchanges. What nobody has set exists and is empty.</summary>
internal sealed class QueueAnswers
{
    private readonly ConcurrentQueue<(string Method, string Name)> _asked = [];

    /// <summary>Ready messages and consumers by queue.</summary>
    public ConcurrentDictionary<string, (uint Messages, uint Consumers)> Queues { get; } = [];

    /// <summary>The code with which the broker refuses a call, by its method and the name that it is about.</summary>
    public ConcurrentDictionary<(string Method, string Name), ushort> Refusals { get; } = [];

    /// <summary>Calls that never return, by their method.</summary>
    public ConcurrentDictionary<string, Task> Waits { get; } = [];

    /// <summary>Calls that wait, by their method and the name that they are about.</summary>
    public ConcurrentDictionary<(string Method, string Name), Task> Held { get; } = [];

    /// <summary>How often a call was made.</summary>
    public int Asked(string method, string name) => _asked.Count(one => one == (method, name));

    public void Attach(FakeChannel channel)
    {
        channel.OnCall = Before;
        channel.OnResult = call => call.Method == "QueueDeclarePassiveAsync" ? Count($"{call.Arguments[0]}") : null;
    }

    private Task? Before(FakeCall call)
    {
        var name = call.Arguments is [var first, ..] ? $"{first}" : "";
        _asked.Enqueue((call.Method, name));
        if (Refusals.TryGetValue((call.Method, name), out var code))
            return Task.FromException(FakeChannel.Refusal(code, $"no {name}"));
        return Held.GetValueOrDefault((call.Method, name)) ?? Waits.GetValueOrDefault(call.Method);
    }

    private QueueDeclareOk Count(string queue)
    {
        var (messages, consumers) = Queues.GetValueOrDefault(queue, (0u, 1u));
        return new QueueDeclareOk(queue, messages, consumers);
    }
}
