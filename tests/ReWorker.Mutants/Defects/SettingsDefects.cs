namespace ReWorker.Mutants.Defects;

/// <summary>The rules that settings must keep.</summary>
internal static class SettingsDefects
{
    private static readonly string[] Tests =
        ["SettingRuleTests", "BrokerOptionsTests", "BrokerUriTests", "TlsSettingsTests"];

    public static DefectTable Table { get; } = new("Wire/Settings", Tests,
    [
        new("takes null for a text", "SettingAttribute.IsValid", "this is not TextAttribute", "true"),
        new("rejects what is not set", "SettingAttribute.IsValid", "this is not TextAttribute", "false"),
        new("shows a secret", "SettingAttribute.IsValid", "IsSecret", "false"),
        new("names a setting by its class", "SettingAttribute.IsValid",
            "context.ObjectType.Name.Replace(\"Options\", \"\", StringComparison.Ordinal)", "context.ObjectType.Name"),
        new("takes every setting", "SettingAttribute.IsValid", "Allows(value)", "true"),
        new("measures a setting in characters", "TextAttribute.Allows", "Encoding.UTF8.GetByteCount((string)value)",
            "((string)value).Length"),
        new("takes a text below its minimum", "TextAttribute.Allows", "bytes >= min", "true"),
        new("rejects a text at its minimum", "TextAttribute.Allows", "bytes >= min", "bytes > min"),
        new("rejects a text at its maximum", "TextAttribute.Allows", "bytes <= max", "bytes < max"),
        new("takes a text above its maximum", "TextAttribute.Allows", "bytes <= max", "true"),
        new("rejects a number at its minimum", "BetweenAttribute.Allows", "number >= min", "number > min"),
        new("takes a number below its minimum", "BetweenAttribute.Allows", "number >= min", "true"),
        new("rejects a number at its maximum", "BetweenAttribute.Allows", "number <= max", "number < max"),
        new("takes a number above its maximum", "BetweenAttribute.Allows", "number <= max", "true"),
        new("rejects the shortest duration", "DurationAttribute.Allows", "duration >= _min", "duration > _min"),
        new("rejects the longest duration", "DurationAttribute.Allows", "duration <= _max", "duration < _max"),
        new("takes a duration that is too long", "DurationAttribute.Allows", "duration <= _max", "true"),
        new("takes a duration that is too short", "DurationAttribute.Allows", "duration >= _min", "true"),
        new("takes the maximum for the minimum", "DurationAttribute._min",
            "TimeSpan.Parse(min, CultureInfo.InvariantCulture)", "TimeSpan.Parse(max, CultureInfo.InvariantCulture)"),
        new("takes any member of an enumeration", "OneOfAttribute.Allows", "names.Contains(value.ToString())", "true"),

        new("takes unknown keys", "UnknownKeyValidator.Validate", "unknown.Count == 0", "true"),
        new("distinguishes the case of keys", "UnknownKeyValidator.FindUnknown", "StringComparer.OrdinalIgnoreCase",
            "StringComparer.Ordinal"),
        new("takes any section for a worker's", "UnknownKeyValidator.FindUnknown",
            "hasWorkerSections && child.Value is null", "child.Value is null"),
        new("takes any key for a worker's section", "UnknownKeyValidator.FindUnknown",
            "hasWorkerSections && child.Value is null", "hasWorkerSections"),
        new("takes workers' sections inside each other", "UnknownKeyValidator.FindUnknown",
            "FindUnknown(child, hasWorkerSections: false)", "FindUnknown(child, hasWorkerSections)"),
        new("does not look into a worker's section", "UnknownKeyValidator.FindUnknown",
            "FindUnknown(child, hasWorkerSections: false)", "[]"),
    ]);
}
