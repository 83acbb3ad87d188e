namespace ReWorker.Telemetry;

/// <summary>An enumeration's value as a metric's label: its name in snake_case.</summary>
internal static class MetricLabel
{
    public static string For<TEnum>(TEnum value)
        where TEnum : struct, Enum => Labels<TEnum>.ByValue[value];

    private static class Labels<TEnum>
        where TEnum : struct, Enum
    {
        public static readonly Dictionary<TEnum, string> ByValue = Enum.GetValues<TEnum>()
            .ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}
