namespace ReWorker.Wire.Settings;

/// <summary>One of an enumeration's names; the binder takes any number, too.</summary>
internal sealed class OneOfAttribute(params string[] names) : SettingAttribute
{
    protected override string Allowed => string.Join(", ", names);

    protected override bool Allows(object value) => names.Contains(value.ToString());
}
