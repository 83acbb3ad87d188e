using System.Text.Json;
using System.Text.RegularExpressions;

namespace ReWorker.Templates.Tests;

/// <summary>The value forms of template.json, for names that are too many to scaffold each.</summary>
internal static class Forms
{
    public static Regex Pattern(string form)
    {
        using var template = JsonDocument.Parse(File.ReadAllText(Repository.At(".template.config", "template.json")));
        var forms = template.RootElement.GetProperty("forms");
        return new Regex(forms.GetProperty(form).GetProperty("pattern").GetString()!);
    }
}
