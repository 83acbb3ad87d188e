using System.Globalization;

namespace ReWorker.Wire.Settings;

/// <summary>Requires a duration in a range, written <c>[d.]hh:mm:ss[.fff]</c>.</summary>
internal sealed class DurationAttribute(string min, string max) : SettingAttribute
{
    private readonly TimeSpan _min = TimeSpan.Parse(min, CultureInfo.InvariantCulture);
    private readonly TimeSpan _max = TimeSpan.Parse(max, CultureInfo.InvariantCulture);

    protected override string Allowed => $"{min} to {max} ([d.]hh:mm:ss)";

    protected override bool Allows(object value) => value is TimeSpan duration && duration >= _min && duration <= _max;
}
