using System.Text.RegularExpressions;
using ReWorker.Wire.Settings;

namespace ReWorker.Tools.OutputLog;

/// <summary>A list of regular expressions.</summary>
internal sealed class PatternsAttribute : SettingAttribute
{
    protected override string Allowed => "regular expressions";

    protected override bool Allows(object value) => ((IEnumerable<string>)value).All(IsPattern);

    protected override string Display(object? value) => ((IEnumerable<string>)value!).First(one => !IsPattern(one));

    private static bool IsPattern(string text)
    {
        try
        {
            _ = new Regex(text);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
