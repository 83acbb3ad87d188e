using System.Diagnostics;
using System.Text.Json;

namespace ReWorker.Faults;

/// <summary>A job as its requester sees it. Copies, which repeat a message id, are counted and dropped.</summary>
internal sealed class SentJob(string id)
{
    private readonly HashSet<string> _ids = [];
    private readonly TaskCompletionSource _terminal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    /// <summary><c>started</c>, <c>completed</c>, <c>failed</c> as they came.</summary>
    public List<string> Statuses { get; } = [];

    public List<string> Output { get; } = [];

    /// <summary>The reply's data, or why it failed.</summary>
    public string Data { get; private set; } = "";

    public int Copies { get; private set; }

    /// <summary>When the last message of it came, a copy or not.</summary>
    public long HeardAt { get; private set; }

    /// <summary>What the row expects as its end; null: nothing at all.</summary>
    public string? Expected { get; set; } = "completed";

    /// <summary>How often its code may run.</summary>
    public int Runs { get; set; } = 1;

    /// <summary>False if it is refused before its code begins.</summary>
    public bool Starts { get; set; } = true;

    /// <summary>True if it kills its worker: whether <c>started</c> gets out before that is a matter of luck.</summary>
    public bool IsDeadly { get; set; }

    /// <summary>True if it must lie in the dead-letter queue afterwards.</summary>
    public bool IsParked { get; set; }

    public Task Started => _started.Task;

    public Task Terminal => _terminal.Task;

    /// <param name="redelivered">True if the message may be older than those that came before it.</param>
    public void Hear(string? messageId, ReadOnlyMemory<byte> body, bool redelivered)
    {
        using var json = JsonDocument.Parse(body);
        lock (_ids)
        {
            HeardAt = Stopwatch.GetTimestamp();
            if (messageId is not null && !_ids.Add(messageId))
            {
                Copies++;
                return;
            }
            if (json.RootElement.TryGetProperty("message", out var line))
            {
                Output.Add(line.GetString()!);
                return;
            }
            var status = json.RootElement.GetProperty("status").GetString()!;
            if (status == "started" && redelivered) Statuses.Insert(0, status);
            else Statuses.Add(status);
            if (json.RootElement.TryGetProperty("data", out var data)) Data = data.ToString();
            if (status == "started") _started.TrySetResult();
            else _terminal.TrySetResult();
        }
    }
}
