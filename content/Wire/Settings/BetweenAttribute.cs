using System.Globalization;

namespace ReWorker.Wire.Settings;

/// <summary>Requires a whole number in a range.</summary>
internal sealed class BetweenAttribute(long min, long max) : SettingAttribute
{
    protected override string Allowed => $"{min} to {max}";

    protected override bool Allows(object value) =>
        Convert.ToInt64(value, CultureInfo.InvariantCulture) is var number && number >= min && number <= max;
}
