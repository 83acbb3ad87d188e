using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;

namespace ReWorker.Wire.Settings;

/// <summary>The base of the rules for settings. An error names the key, the value and what is allowed.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class SettingAttribute : ValidationAttribute
{
    public bool IsSecret { get; init; } // keeps the value out of the error

    protected abstract string Allowed { get; }
    protected abstract bool Allows(object value);
    protected virtual string Display(object? value) => $"{value}"; // as the error shows the value

    [SuppressMessage("Trimming", "IL2026", Justification = "The generated validator supplies the member's name.")]
    protected override ValidationResult? IsValid(object? value, ValidationContext context)
    {
        // A nullable setting may be missing. A text may not: null in a JSON file removes its default.
        if (value is null ? this is not TextAttribute : Allows(value)) return ValidationResult.Success;
        var section = context.ObjectType.Name.Replace("Options", "", StringComparison.Ordinal);
        var key = $"{section}:{context.MemberName}";
        return new(IsSecret ? $"{key} is not {Allowed}" : $"{key} is '{Display(value)}'; allowed: {Allowed}");
    }
}
