using System.Globalization;

namespace ReWorker.Wire.Settings;

/// <summary>Requires a text of a length in a range, in bytes of UTF-8.</summary>
internal sealed class TextAttribute(int min, int max) : SettingAttribute
{
    protected override string Allowed => $"{min} to {max} bytes";

    protected override bool Allows(object value) =>
        Encoding.UTF8.GetByteCount((string)value) is var bytes && bytes >= min && bytes <= max;
}

/// <summary>Requires a whole number in a range.</summary>
internal sealed class BetweenAttribute(long min, long max) : SettingAttribute
{
    protected override string Allowed => $"{min} to {max}";

    protected override bool Allows(object value) =>
        Convert.ToInt64(value, CultureInfo.InvariantCulture) is var number && number >= min && number <= max;
}

/// <summary>Requires a duration in a range, written <c>[d.]hh:mm:ss[.fff]</c>.</summary>
internal sealed class DurationAttribute(string min, string max) : SettingAttribute
{
    private readonly TimeSpan _min = TimeSpan.Parse(min, CultureInfo.InvariantCulture);
    private readonly TimeSpan _max = TimeSpan.Parse(max, CultureInfo.InvariantCulture);

    protected override string Allowed => $"{min} to {max} ([d.]hh:mm:ss)";

    protected override bool Allows(object value) => value is TimeSpan duration && duration >= _min && duration <= _max;
}

/// <summary>Requires a name of an enumeration. The binder also accepts any number.</summary>
internal sealed class OneOfAttribute(params string[] names) : SettingAttribute
{
    protected override string Allowed => string.Join(", ", names);

    protected override bool Allows(object value) => names.Contains(value.ToString());
}
