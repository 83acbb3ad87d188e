using System.Text.RegularExpressions;
using ReWorker.Wire.Settings;

namespace ReWorker.Tools.OutputLog;

/// <summary>Requires a list of regular expressions.</summary>
internal sealed class PatternsAttribute : SettingAttribute
{
    protected override string Allowed => "regular expressions";

    protected override bool Allows(object value) => ((IEnumerable<string>)value).All(IsPattern);

    protected override string Display(object? value) => ((IEnumerable<string>)value!).First(text => !IsPattern(text));

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
