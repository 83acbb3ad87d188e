using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;

namespace ReWorker.Tools.CommandLine;

/// <summary>What went wrong as one line and an exit status; null for what nobody foresaw.</summary>
internal static class ErrorMessage
{
    public static (int Code, string Line)? For(Exception error) => error switch
    {
        UsageException => (ExitCodes.Usage, error.Message),
        OptionsValidationException wrong => (ExitCodes.Usage, $"the configuration is wrong: {string.Join("; ", wrong.Failures.Distinct())}"),
        AggregateException all when all.InnerExceptions.All(one => one is OptionsValidationException) =>
            (ExitCodes.Usage, $"the configuration is wrong: {string.Join("; ", all.InnerExceptions.SelectMany(one => ((OptionsValidationException)one).Failures).Distinct())}"),
        // the binder's and the URI's: both name the key
        FormatException => (ExitCodes.Usage, error.Message),
        InvalidOperationException { InnerException: FormatException or OverflowException or ArgumentException } => (ExitCodes.Usage, $"the configuration is wrong: {BindingErrors.Describe(error.Message)}"),
        InvalidOperationException when BindingErrors.Describe(error.Message) is var line && line != error.Message => (ExitCodes.Usage, $"the configuration is wrong: {line}"),
        ArgumentOutOfRangeException { ParamName: "port" } => (ExitCodes.Usage, "the configuration is wrong: a port in ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS is none; allowed: 0 to 65535"),
        InvalidDataException => (ExitCodes.Usage, error.InnerException is { } inner ? $"{error.Message.TrimEnd('.')}: {inner.Message}" : error.Message),
        IOException when error.InnerException is AddressInUseException || error.Message.Contains("address already in use", StringComparison.Ordinal) =>
            (ExitCodes.Failed, $"{error.Message.TrimEnd('.')}; end what uses the port, or set ASPNETCORE_HTTP_PORTS to another"),
        OperationCanceledException => (ExitCodes.Interrupted, "interrupted"),
        NoBrokerException => (ExitCodes.NoAnswer, error.Message),
        TimeoutException => (ExitCodes.NoAnswer, error.Message),
        OperationInterruptedException => (ExitCodes.NoAnswer, $"the broker: {BrokerFault.Describe(error)}"),
        _ => null,
    };

    /// <summary>What the parser objects to; null if nothing.</summary>
    public static string? For(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0) return null;
        var command = parsed.CommandResult.Command;
        // the words that lead to it: "dead list"
        var path = string.Join(' ', parsed.Tokens.Where(one => one.Type is TokenType.Command).Select(one => one.Value));
        var where = path.Length == 0 ? "" : $" of {path}";
        if (command.Action is null) return $"{path} needs one of: {string.Join(", ", command.Subcommands.Select(one => one.Name))}";
        if (parsed.UnmatchedTokens is [var unknown, ..])
        {
            var what = unknown.StartsWith('-') ? $"there is no option {unknown}{where}" : $"'{unknown}' is one argument too many{where}";
            var allowed = command.Subcommands.Where(one => !one.Hidden).Select(one => one.Name).Concat(command.Options.Select(one => one.Name)).Append("--Section:Key=value");
            return $"{what}; allowed: {string.Join(", ", allowed)}";
        }
        return $"{parsed.Errors[0].Message.TrimEnd('.')}; `{RootCommand.ExecutableName} {path} --help` tells more";
    }
}
