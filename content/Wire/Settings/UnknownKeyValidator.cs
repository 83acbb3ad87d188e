using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ReWorker.Wire.Settings;

/// <summary>
/// Objects to a key of the section that no setting has. Most often one is misspelt: its default would be taken in silence, and
/// a step that must never run twice would.
/// </summary>
internal sealed class UnknownKeyValidator<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] T>(IConfiguration configuration, bool hasWorkerSections = false) : IValidateOptions<T>
    where T : class
{
    private static readonly string[] Keys = [.. typeof(T).GetProperties().Select(one => one.Name)];

    public ValidateOptionsResult Validate(string? name, T options)
    {
        var section = configuration.GetSection(typeof(T).Name.Replace("Options", "", StringComparison.Ordinal));
        var unknown = Unknown(section, hasWorkerSections).ToList();
        return unknown.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(unknown);
    }

    /// <param name="section">What has the keys.</param>
    /// <param name="hasWorkerSections">In it are sections for single workers, those of other processes with the same configuration among them.</param>
    private static IEnumerable<string> Unknown(IConfigurationSection section, bool hasWorkerSections) => section.GetChildren()
        .Where(one => !Keys.Contains(one.Key, StringComparer.OrdinalIgnoreCase))
        .SelectMany(one => hasWorkerSections && one.Value is null
            ? Unknown(one, hasWorkerSections: false)
            : [$"there is no setting {one.Path}; allowed in {section.Path}: {string.Join(", ", Keys)}"]);
}
