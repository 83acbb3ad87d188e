using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Tools.Hosting;

/// <summary>The log as a person reads it: time, level, who, what, and an exception's stack below. A stranger's control characters are escaped.</summary>
internal sealed class TerminalFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "terminal";

    private const int HostingFailedToStart = 11;

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // the command line says it, in one line
        if (entry.EventId.Id == HostingFailedToStart && entry.Category == "Microsoft.Extensions.Hosting.Internal.Host") return;
        var who = entry.Category[(entry.Category.LastIndexOf('.') + 1)..];
        var what = Printable.OneLine(entry.Formatter(entry.State, null));
        textWriter.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time.GetLocalNow():HH:mm:ss.fff} {Level(entry.LogLevel)} {who}: {what}"));
        if (entry.Exception is { } exception)
            foreach (var line in exception.ToString().Split('\n')) textWriter.WriteLine($"    {Printable.OneLine(line.TrimEnd())}");
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "WARN ",
        LogLevel.Error => "ERROR",
        _ => "FATAL",
    };
}
