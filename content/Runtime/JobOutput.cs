using System.Diagnostics.Metrics;

namespace ReWorker;

/// <summary>A logger whose lines reach the users over the bus. Of an exception it shows only the message.</summary>
/// <param name="dropped">Counts the lines that come after the job's end.</param>
internal sealed class JobOutput(
    JobMessages messages, LogLevel minLevel, Counter<long> dropped, CancellationToken cancel) : ILogger
{
    private readonly AsyncLocal<Scope?> _scope = new();

    public bool IsEnabled(LogLevel logLevel) => logLevel >= minLevel && logLevel is not LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        var text = formatter(state, null);
        if (exception is not null) text = text.Length > 0 ? $"{text}: {exception.Message}" : exception.Message;
        for (var scope = _scope.Value; scope is not null; scope = scope.Outer) text = $"[{scope.Text}] {text}";
        if (!messages.TrySendLine(text, cancel)) dropped.Add(1);
    }

    public IDisposable BeginScope<TState>(TState state)
        where TState : notnull => _scope.Value = new Scope(this, state.ToString() ?? "", _scope.Value);

    private sealed record Scope(JobOutput Owner, string Text, Scope? Outer) : IDisposable
    {
        public void Dispose() => Owner._scope.Value = Outer;
    }
}
