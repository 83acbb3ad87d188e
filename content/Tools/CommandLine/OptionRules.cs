using System.CommandLine;
using System.Globalization;

namespace ReWorker.Tools.CommandLine;

/// <summary>Rules for options whose errors name the option, what was given and what is allowed.</summary>
internal static class OptionRules
{
    public static Option<int?> Whole(this Option<int?> option, int least, int most)
    {
        option.CustomParser = given =>
        {
            var text = given.Tokens.Single().Value;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            given.AddError($"{option.Name} is '{text}'; allowed: {least} to {most}");
            return null;
        };
        return option;
    }

    public static Option<TimeSpan?> Span(this Option<TimeSpan?> option)
    {
        option.CustomParser = given =>
        {
            var text = given.Tokens.Single().Value;
            if (Duration.TryParse(text) is { } span) return span;
            given.AddError($"{option.Name} is '{text}'; allowed: {Duration.Allowed}");
            return null;
        };
        return option;
    }
}
