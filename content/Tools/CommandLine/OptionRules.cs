namespace ReWorker.Tools.CommandLine;

/// <summary>Rules for option values. An error names the option, the value and what is allowed.</summary>
internal static class OptionRules
{
    public const string Durations = "500ms, 30s, 5m, 1h, 00:00:30";

    // timers take no longer times
    private const double MaxSeconds = 24 * 86_400;

    private static readonly (string Suffix, double Seconds)[] Units =
        [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1)];

    public static Option<int?> InRange(this Option<int?> option, int min, int max) => option.ParseWith(
        text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= min && number <= max ? number : null,
        $"{min} to {max}");

    public static Option<TimeSpan?> Duration(this Option<TimeSpan?> option) =>
        option.ParseWith(ParseDuration, Durations);

    /// <summary>Parses a number with a unit, a number of seconds, or <c>hh:mm:ss</c>.</summary>
    public static TimeSpan? ParseDuration(string text) =>
        Seconds(text) is > 0 and <= MaxSeconds and var seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static double Seconds(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var duration) ? duration.TotalSeconds : 0;
        var (suffix, seconds) = Units.First(unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        var number = text.AsSpan()[..^suffix.Length];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
            ? count * seconds
            : 0;
    }

    private static Option<T?> ParseWith<T>(this Option<T?> option, Func<string, T?> parse, string allowed)
        where T : struct
    {
        option.CustomParser = argument =>
        {
            var text = argument.Tokens.Single().Value;
            if (parse(text) is { } value) return value;
            argument.AddError($"{option.Name} is '{text}'; allowed: {allowed}");
            return null;
        };
        return option;
    }
}
