using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;

namespace ReWorker.Wire.Settings;

/// <summary>Base of the rules for settings: an error names the key, the value given and what is allowed.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class SettingAttribute : ValidationAttribute
{
    /// <summary>True keeps the value out of the error.</summary>
    public bool Secret { get; init; }

    protected abstract string Allowed { get; }

    protected abstract bool Allows(object value);

    /// <summary>What of the value the error shows.</summary>
    protected virtual string Shown(object value) => $"{value}";

    [SuppressMessage("Trimming", "IL2026", Justification = "Nothing is looked up by name: the key comes from the generated validator.")]
    protected override ValidationResult? IsValid(object? value, ValidationContext context)
    {
        // a number that is not set has its default; JSON's null takes a text's default away
        if (value is null ? this is not TextAttribute : Allows(value)) return ValidationResult.Success;
        var section = context.ObjectType.Name.Replace("Options", "", StringComparison.Ordinal);
        return new ValidationResult($"{section}:{context.MemberName} is {(Secret ? "not" : $"'{(value is null ? "" : Shown(value))}'; allowed:")} {Allowed}");
    }
}
