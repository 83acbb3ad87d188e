using System.Globalization;

namespace ReWorker.Wire.Settings;

/// <summary>A duration within bounds, written <c>[d.]hh:mm:ss[.fff]</c>.</summary>
internal sealed class DurationAttribute(string least, string most) : SettingAttribute
{
    private readonly TimeSpan _least = TimeSpan.Parse(least, CultureInfo.InvariantCulture);
    private readonly TimeSpan _most = TimeSpan.Parse(most, CultureInfo.InvariantCulture);

    protected override string Allowed => $"{least} to {most} ([d.]hh:mm:ss)";

    protected override bool Allows(object value) => value is TimeSpan span && span >= _least && span <= _most;
}
