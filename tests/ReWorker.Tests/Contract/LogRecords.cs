using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ReWorker.Tests.Contract;

/// <summary>One record of a worker's log.</summary>
public sealed record LogRecord(string Category, LogLevel Level, int Id, string Message, Exception? Exception);

/// <summary>Keeps what a host logs.</summary>
public sealed class LogRecords : ILoggerProvider
{
    private readonly ConcurrentQueue<LogRecord> _all = [];

    public IReadOnlyList<LogRecord> All => [.. _all];

    public IReadOnlyList<LogRecord> WithId(int id) => [.. _all.Where(one => one.Id == id)];

    /// <summary>Waits for the first record with the number.</summary>
    public async Task<LogRecord> WaitAsync(int id, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(40));
        while (true)
        {
            if (WithId(id) is [var first, ..]) return first;
            try
            {
                await Task.Delay(20, limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"no record {id} in:\n{string.Join('\n', All.Select(one => $"{one.Id} {one.Message} {one.Exception}"))}");
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        // nothing to release
    }

    private sealed class Logger(LogRecords owner, string category) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner._all.Enqueue(new LogRecord(category, logLevel, eventId.Id, formatter(state, exception), exception));
    }
}
