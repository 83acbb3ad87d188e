using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ReWorker.Tests.Contract;

/// <summary>The ids of the log messages that tests wait for or count.</summary>
internal static class LogId
{
    public const int JobFailed = 10;
    public const int JobInvalid = 11;
    public const int CannotPark = 22;
    public const int Consuming = 40;
    public const int ConnectionLost = 41;
    public const int CouldNotConnect = 42;
    public const int Stopped = 43;
    public const int PublishingBlocked = 44;
    public const int PublishingUnblocked = 45;
    public const int ExistsWithOtherArguments = 50;
    public const int CannotDeclare = 51;
    public const int CannotBind = 52;
    public const int StatusUnroutable = 70;
    public const int MessageGivenUp = 71;
}

/// <summary>A record in a worker's log.</summary>
public sealed record LogRecord(string Category, LogLevel Level, int Id, string Message, Exception? Exception);

/// <summary>Records everything that a host logs.</summary>
public sealed class LogRecords : ILoggerProvider
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(40);

    private readonly ConcurrentQueue<LogRecord> _all = [];

    public IReadOnlyList<LogRecord> All => [.. _all];

    public IReadOnlyList<LogRecord> WithId(int id) => [.. _all.Where(record => record.Id == id)];

    /// <summary>Waits for a record with the id and returns the first.</summary>
    public async Task<LogRecord> WaitAsync(int id, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(MaxWait);
        while (true)
        {
            if (WithId(id) is [var first, ..]) return first;
            try
            {
                await Task.Delay(20, limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                var log = string.Join('\n', All.Select(record => $"{record.Id} {record.Message} {record.Exception}"));
                throw new TimeoutException($"no record {id} in:\n{log}");
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

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            owner._all.Enqueue(new(category, logLevel, eventId.Id, formatter(state, exception), exception));
    }
}
