using System.CommandLine;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using ReWorker.Broker;

namespace ReWorker.CommandLine;

/// <summary>What went wrong as one line and an exit status; null for what nobody foresaw.</summary>
internal static class Complaint
{
    public static (int Code, string Line)? Of(Exception error) => error switch
    {
        UsageException => (ExitCodes.Usage, error.Message),
        OptionsValidationException wrong => (ExitCodes.Usage, $"the configuration is wrong: {string.Join("; ", wrong.Failures.Distinct())}"),
        // the binder's and the URI's: both name the key
        FormatException => (ExitCodes.Usage, error.Message),
        InvalidOperationException { InnerException: FormatException or OverflowException or ArgumentException } => (ExitCodes.Usage, $"the configuration is wrong: {error.Message}"),
        InvalidDataException => (ExitCodes.Usage, error.InnerException is { } inner ? $"{error.Message.TrimEnd('.')}: {inner.Message}" : error.Message),
        IOException when error.InnerException is AddressInUseException || error.Message.Contains("address already in use", StringComparison.Ordinal) =>
            (ExitCodes.Failed, $"{error.Message.TrimEnd('.')}; end what uses the port, or set ASPNETCORE_HTTP_PORTS to another"),
        OperationCanceledException => (ExitCodes.Interrupted, "interrupted"),
        BrokerUnreachableException or OperationInterruptedException or TimeoutException or System.Net.Sockets.SocketException => (ExitCodes.NoAnswer, $"the broker: {BrokerFault.Words(error)}"),
        _ => null,
    };

    /// <summary>What the parser objects to; null if nothing.</summary>
    public static string? Of(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0) return null;
        var command = parsed.CommandResult.Command;
        var where = command is RootCommand ? "" : $" of {command.Name}";
        if (parsed.UnmatchedTokens is [var unknown, ..])
        {
            var what = unknown.StartsWith('-') ? $"there is no option {unknown}{where}" : $"'{unknown}' is one argument too many{where}";
            var allowed = command.Subcommands.Where(one => !one.Hidden).Select(one => one.Name).Concat(command.Options.Select(one => one.Name)).Append("--Section:Key=value");
            return $"{what}; allowed: {string.Join(", ", allowed)}";
        }
        return $"{parsed.Errors[0].Message.TrimEnd('.')}; `{string.Join(' ', [RootCommand.ExecutableName, .. command is RootCommand ? Array.Empty<string>() : [command.Name]])} --help` tells more";
    }
}
