using System.Globalization;
using System.Text;

namespace ReWorker.Bench.Load;

/// <summary>
/// The state of every job that was sent. One thread reads replies and output. Violations of the contract are collected
/// and fail the run.
/// </summary>
internal sealed class JobTable
{
    private const int MaxViolations = 20;
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
        public int ExpectedLines;
        public long SentAt;
    }

    /// <summary>Called with the number of each completed job, and the time that it took in stopwatch ticks.</summary>
    public Action<int, long>? OnCompleted { get; set; }

    public int Sent => Volatile.Read(ref _count);

    /// <summary>The number of completed jobs whose lines have all arrived.</summary>
    public int Done => Volatile.Read(ref _done);

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate) return [.. _violations];
        }
    }

    /// <summary>Adds a job and returns its correlation id.</summary>
    public string Add(int lines, long now)
    {
        lock (_gate)
        {
            if (_count == _rows.Length) Array.Resize(ref _rows, _rows.Length * 2);
            _rows[_count] = new Row { ExpectedLines = lines, SentAt = now };
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
                if (row.State is not State.Sent) AddViolation($"job {number}: 'started' in state {row.State}");
                row.State = State.Started;
            }
            else if (body.SequenceEqual(Completed))
            {
                if (row.State is not State.Started) AddViolation($"job {number}: 'completed' in state {row.State}");
                row.State = State.Completed;
                if (row.Lines == row.ExpectedLines) _done++;
                OnCompleted?.Invoke(number, now - row.SentAt);
            }
            else AddViolation($"job {number}: {Encoding.UTF8.GetString(body)}");
        }
    }

    /// <summary>A line ends with its number, which shows whether the lines arrive in order.</summary>
    public void Line(string? correlationId, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (Find(correlationId, "a line") is not { } number) return;
            ref var row = ref _rows[number];
            var text = body[..^2];
            var digits = text[(text.LastIndexOf((byte)' ') + 1)..];
            if (!body.StartsWith("{\"message\":\"Frobbing frobd on host "u8)
                || !int.TryParse(digits, CultureInfo.InvariantCulture, out var line)
                || line != row.Lines)
            {
                AddViolation($"job {number}: line {row.Lines} is {Encoding.UTF8.GetString(body)}");
            }
            if (++row.Lines > row.ExpectedLines)
                AddViolation($"job {number}: {row.Lines} lines; expected: {row.ExpectedLines}");
            if (row.Lines == row.ExpectedLines && row.State is State.Completed) _done++;
        }
    }

    /// <summary>Adds a violation for each job whose messages have not all arrived.</summary>
    public void Close()
    {
        lock (_gate)
        {
            for (var number = 0; number < _count; number++)
            {
                var row = _rows[number];
                if (row.State is State.Completed && row.Lines == row.ExpectedLines) continue;
                AddViolation($"job {number}: still {row.State}, with {row.Lines} of {row.ExpectedLines} lines");
            }
        }
    }

    private int? Find(string? correlationId, string what)
    {
        if (correlationId is { Length: 36 } && correlationId.StartsWith(_prefix, StringComparison.Ordinal)
            && int.TryParse(
                correlationId.AsSpan(24), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            && number < _count)
        {
            return number;
        }
        AddViolation($"{what} with the unknown correlation id {correlationId ?? "(none)"}");
        return null;
    }

    private void AddViolation(string violation)
    {
        if (_violations.Count < MaxViolations) _violations.Add(violation);
    }
}
