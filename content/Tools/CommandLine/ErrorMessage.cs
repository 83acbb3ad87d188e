using System.CommandLine.Parsing;
using Microsoft.AspNetCore.Connections;

namespace ReWorker.Tools.CommandLine;

/// <summary>Turns an error into one line and an exit code.</summary>
internal static class ErrorMessage
{
    /// <returns>Null for an error that is a bug.</returns>
    public static (int Code, string Line)? For(Exception error) => error switch
    {
        // a FormatException comes from the broker's URI or its certificates, and names the key
        UsageException or FormatException => (ExitCodes.Usage, error.Message),
        OptionsValidationException invalid => InvalidConfiguration(invalid.Failures),
        AggregateException all when all.InnerExceptions.All(one => one is OptionsValidationException) =>
            InvalidConfiguration(all.InnerExceptions.SelectMany(one => ((OptionsValidationException)one).Failures)),
        InvalidOperationException when BindingErrors.Describe(error) is { } line => InvalidConfiguration([line]),
        ArgumentOutOfRangeException { ParamName: "port" } =>
            InvalidConfiguration(["invalid port in ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS; allowed: 0 to 65535"]),
        JsonContextException => (ExitCodes.Usage, error.Message),
        InvalidDataException => (ExitCodes.Usage, error.InnerException is { } inner
            ? $"{error.Message.TrimEnd('.')}: {inner.Message}"
            : error.Message),
        IOException { InnerException: AddressInUseException } =>
            (ExitCodes.Failed, $"{error.Message.TrimEnd('.')}; free the port, or set ASPNETCORE_HTTP_PORTS to another"),
        OperationCanceledException => (ExitCodes.Interrupted, "interrupted"),
        NoBrokerException or TimeoutException => (ExitCodes.NoAnswer, error.Message),
        OperationInterruptedException => (ExitCodes.NoAnswer, $"the broker: {BrokerFault.Describe(error)}"),
        _ => null,
    };

    /// <returns>What the parser objects to, or null.</returns>
    public static string? For(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        // the verbs that lead to the command, such as "dead list"
        var path = string.Join(' ', parsed.Tokens.Where(token => token.Type is TokenType.Command));
        // the parser takes a mistyped option for an argument where it expects one
        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(result => result.Tokens);
        var options = arguments.Select(token => token.Value).Where(value => value.StartsWith('-'));
        if (options.Concat(parsed.UnmatchedTokens).FirstOrDefault() is { } token)
        {
            var allowed = command.Options.Select(option => option.Name).Append("--Section:Key=value");
            var error = token.StartsWith('-') ? $"unknown option {token}" : $"unexpected argument '{token}'";
            return $"{path}: {error}; allowed: {string.Join(", ", allowed)}";
        }
        if (parsed.Errors.Count == 0) return null;
        return command.Action is null
            ? $"{path} needs one of: {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}"
            : $"{parsed.Errors[0].Message.TrimEnd('.')}; see `{RootCommand.ExecutableName} {path} --help`";
    }

    private static (int Code, string Line) InvalidConfiguration(IEnumerable<string> errors) =>
        (ExitCodes.Usage, $"invalid configuration: {string.Join("; ", errors.Distinct())}");
}
