using System.Text;

namespace ReWorker.Wire.Settings;

/// <summary>Requires a text of a length in a range, in bytes of UTF-8.</summary>
internal sealed class TextAttribute(int min, int max) : SettingAttribute
{
    protected override string Allowed => $"{min} to {max} bytes";

    protected override bool Allows(object value) =>
        Encoding.UTF8.GetByteCount((string)value) is var bytes && bytes >= min && bytes <= max;
}
