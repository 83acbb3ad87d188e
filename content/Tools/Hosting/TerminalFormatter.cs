using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ReWorker.Tools.Hosting;

/// <summary>Formats a log record for a person, on one line. A stack trace follows on lines of its own.</summary>
internal sealed class TerminalFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "terminal";

    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";
    private const int HostingFailedToStart = 11;

    public override void Write<TState>(
        in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // the command line reports a failed start in one line
        if (entry.EventId.Id == HostingFailedToStart && entry.Category == HostCategory) return;
        var source = entry.Category[(entry.Category.LastIndexOf('.') + 1)..];
        var message = Printable.OneLine(entry.Formatter(entry.State, null));
        var now = time.GetLocalNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        textWriter.WriteLine($"{now} {LevelName(entry.LogLevel)} {source}: {message}");
        foreach (var line in entry.Exception?.ToString().Split('\n') ?? [])
            textWriter.WriteLine($"    {Printable.OneLine(line.TrimEnd())}");
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "WARN ",
        LogLevel.Error => "ERROR",
        _ => "FATAL",
    };
}
