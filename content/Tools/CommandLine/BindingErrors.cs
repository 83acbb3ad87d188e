using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace ReWorker.Tools.CommandLine;

/// <summary>
/// What the framework says of a setting that it can't read names a .NET type, or no key: said as the rules for settings say
/// it, with the key, the value and what is allowed.
/// </summary>
internal static partial class BindingErrors
{
    /// <summary>The message in our words; as it is if it is another.</summary>
    public static string Describe(string message)
    {
        if (Binder().Match(message) is { Success: true } bound && Allowed(bound.Groups["type"].Value) is { } allowed)
            return $"{bound.Groups["key"].Value} is '{bound.Groups["value"].Value}'; allowed: {allowed}";
        if (Logging().Match(message) is { Success: true } level)
            return $"a level in Logging:LogLevel is '{level.Groups["value"].Value}'; allowed: {Names<LogLevel>()}";
        return message;
    }

    private static string? Allowed(string type) => type switch
    {
        _ when type == typeof(int).FullName => "a whole number",
        _ when type == typeof(bool).FullName => "true, false",
        _ when type == typeof(TimeSpan).FullName => "a duration ([d.]hh:mm:ss)",
        _ when type == typeof(LogLevel).FullName => Names<LogLevel>(),
        _ when type == typeof(OnRedelivery).FullName => Names<OnRedelivery>(),
        _ => null,
    };

    private static string Names<T>() where T : struct, Enum => string.Join(", ", Enum.GetNames<T>());

    [GeneratedRegex("^Failed to convert configuration value '(?<value>.*)' at '(?<key>.*)' to type '(?<type>.*)'\\.$", RegexOptions.Singleline)]
    private static partial Regex Binder();

    [GeneratedRegex("^Configuration value '(?<value>.*)' is not supported\\.$", RegexOptions.Singleline)]
    private static partial Regex Logging();
}
