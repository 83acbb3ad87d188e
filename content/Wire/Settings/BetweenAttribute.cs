using System.Globalization;

namespace ReWorker.Wire.Settings;

/// <summary>A whole number within bounds.</summary>
internal sealed class BetweenAttribute(long least, long most) : SettingAttribute
{
    protected override string Allowed => $"{least} to {most}";

    protected override bool Allows(object value)
    {
        var number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
        return number >= least && number <= most;
    }
}
