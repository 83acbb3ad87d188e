using System.Text.Json;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>The value forms of template.json, for what is too much to scaffold one by one.</summary>
internal static class Forms
{
    public static Regex Pattern(string form)
    {
        using var template = JsonDocument.Parse(File.ReadAllText(Repository.At(".template.config", "template.json")));
        return new Regex(template.RootElement.GetProperty("forms").GetProperty(form).GetProperty("pattern").GetString()!);
    }
}
