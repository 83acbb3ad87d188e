namespace ReWorker.Wire.Settings;

/// <summary>Requires a name of an enumeration. The binder also accepts any number.</summary>
internal sealed class OneOfAttribute(params string[] names) : SettingAttribute
{
    protected override string Allowed => string.Join(", ", names);

    protected override bool Allows(object value) => names.Contains(value.ToString());
}
