using System.Globalization;
using System.Text;

namespace ReWorker.Bench.Load;

/// <summary>
/// Every job that was sent, and how far its replies have come. One thread reads replies and output; whatever breaks the
/// contract is kept, and fails the run.
/// </summary>
internal sealed class JobTable
{
    private const int MostViolations = 20;
    private static readonly byte[] Started = """{"status":"started"}"""u8.ToArray();
    private static readonly byte[] Completed = """{"status":"completed"}"""u8.ToArray();

    private readonly string _prefix = Guid.NewGuid().ToString("D")[..24];
    private readonly List<string> _violations = [];
    private readonly Lock _gate = new();
    private Row[] _rows = new Row[1 << 16];
    private int _count;
    private int _done;

    private enum State : byte
    {
        Sent,
        Started,
        Completed,
    }

    private struct Row
    {
        public State State;
        public int Lines;
        public int Wanted;
        public long SentAt;
    }

    /// <summary>Told of each job that has completed, with its number and how long it took (in ticks of the stopwatch).</summary>
    public Action<int, long>? OnCompleted { get; set; }

    public int Sent => Volatile.Read(ref _count);

    /// <summary>Jobs that are completed and whose lines are all here.</summary>
    public int Done => Volatile.Read(ref _done);

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate) return [.. _violations];
        }
    }

    /// <summary>Enters a job, and names it.</summary>
    public string Add(int lines, long now)
    {
        lock (_gate)
        {
            if (_count == _rows.Length) Array.Resize(ref _rows, _rows.Length * 2);
            _rows[_count] = new Row { Wanted = lines, SentAt = now };
            return string.Create(CultureInfo.InvariantCulture, $"{_prefix}{_count++:x12}");
        }
    }

    public void Reply(string? correlationId, ReadOnlySpan<byte> body, long now)
    {
        lock (_gate)
        {
            if (Find(correlationId, "a reply") is not { } number) return;
            ref var row = ref _rows[number];
            if (body.SequenceEqual(Started))
            {
                if (row.State is not State.Sent) Violated($"job {number}: 'started' when it was {row.State}");
                row.State = State.Started;
            }
            else if (body.SequenceEqual(Completed))
            {
                if (row.State is not State.Started) Violated($"job {number}: 'completed' when it was {row.State}");
                row.State = State.Completed;
                if (row.Lines == row.Wanted) _done++;
                OnCompleted?.Invoke(number, now - row.SentAt);
            }
            else Violated($"job {number}: {Encoding.UTF8.GetString(body)}");
        }
    }

    /// <summary>A line ends with its number: they must come as they were written.</summary>
    public void Line(string? correlationId, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (Find(correlationId, "a line") is not { } number) return;
            ref var row = ref _rows[number];
            var text = body[..^2];
            var digits = text[(text.LastIndexOf((byte)' ') + 1)..];
            if (!body.StartsWith("{\"message\":\"Frobbing frobd on host "u8) || !int.TryParse(digits, CultureInfo.InvariantCulture, out var line) || line != row.Lines)
                Violated($"job {number}: line {row.Lines} is {Encoding.UTF8.GetString(body)}");
            if (++row.Lines > row.Wanted) Violated($"job {number}: {row.Lines} lines; wanted: {row.Wanted}");
            if (row.Lines == row.Wanted && row.State is State.Completed) _done++;
        }
    }

    /// <summary>What never came.</summary>
    public void Close()
    {
        lock (_gate)
        {
            for (var number = 0; number < _count; number++)
            {
                var row = _rows[number];
                if (row.State is not State.Completed || row.Lines != row.Wanted) Violated($"job {number}: left as {row.State} with {row.Lines} of {row.Wanted} lines");
            }
        }
    }

    private int? Find(string? correlationId, string what)
    {
        if (correlationId is { Length: 36 } && correlationId.StartsWith(_prefix, StringComparison.Ordinal)
            && int.TryParse(correlationId.AsSpan(24), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) && number < _count) return number;
        Violated($"{what} with the correlation id {correlationId ?? "(none)"}, which no job has");
        return null;
    }

    private void Violated(string what)
    {
        if (_violations.Count < MostViolations) _violations.Add(what);
    }
}
