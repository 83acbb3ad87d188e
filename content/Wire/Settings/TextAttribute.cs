using System.Text;

namespace ReWorker.Wire.Settings;

/// <summary>A text whose UTF-8 form has a length within bounds.</summary>
internal sealed class TextAttribute(int least, int most) : SettingAttribute
{
    protected override string Allowed => $"{least} to {most} bytes";

    protected override bool Allows(object value) => Encoding.UTF8.GetByteCount((string)value) is var bytes && bytes >= least && bytes <= most;
}
