using System.Diagnostics.CodeAnalysis;
using static System.Diagnostics.CodeAnalysis.DynamicallyAccessedMemberTypes;

namespace ReWorker.Wire.Settings;

/// <summary>Rejects unknown keys in a section. With a misspelt key, the default would apply without a word.</summary>
/// <param name="hasWorkerSections">True if the section may have subsections for single workers.</param>
internal sealed class UnknownKeyValidator<[DynamicallyAccessedMembers(PublicProperties)] T>(
    IConfiguration configuration, bool hasWorkerSections = false) : IValidateOptions<T>
    where T : class
{
    private static readonly string[] Keys = [.. typeof(T).GetProperties().Select(property => property.Name)];

    public ValidateOptionsResult Validate(string? name, T options)
    {
        var section = configuration.GetSection(typeof(T).Name.Replace("Options", "", StringComparison.Ordinal));
        var unknown = FindUnknown(section, hasWorkerSections).ToList();
        return unknown.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(unknown);
    }

    // A worker's subsection may belong to another process with the same configuration. It is checked all the same.
    private static IEnumerable<string> FindUnknown(IConfigurationSection section, bool hasWorkerSections) =>
        section.GetChildren()
            .Where(child => !Keys.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            .SelectMany(child => hasWorkerSections && child.Value is null
                ? FindUnknown(child, hasWorkerSections: false)
                : [$"unknown setting {child.Path}; allowed in {section.Path}: {string.Join(", ", Keys)}"]);
}
