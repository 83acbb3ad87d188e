namespace ReWorker.Tools.CommandLine;

/// <summary>Rewrites .NET's errors about invalid settings: they name a type, ours what is allowed.</summary>
internal static partial class BindingErrors
{
    private const string BinderPattern =
        "^Failed to convert configuration value '(?<value>.*)' at '(?<key>.*)' to type '(?<type>.*)'\\.$";

    /// <returns>Null if the error is not about a setting.</returns>
    public static string? Describe(Exception error)
    {
        if (BinderError().Match(error.Message) is { Success: true } binder
            && Allowed(binder.Groups["type"].Value) is { } allowed)
            return $"{binder.Groups["key"].Value} is '{binder.Groups["value"].Value}'; allowed: {allowed}";
        if (LoggingError().Match(error.Message) is { Success: true } logging)
            return $"a level in Logging:LogLevel is '{logging.Groups["value"].Value}'; allowed: {Names<LogLevel>()}";
        return error.InnerException is FormatException or OverflowException or ArgumentException ? error.Message : null;
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

    [GeneratedRegex(BinderPattern, RegexOptions.Singleline)]
    private static partial Regex BinderError();
    [GeneratedRegex("^Configuration value '(?<value>.*)' is not supported\\.$", RegexOptions.Singleline)]
    private static partial Regex LoggingError();
}
