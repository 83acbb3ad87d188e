namespace ReWorker;

/// <summary>Decides what an error may show of a parameter's value.</summary>
internal static class SecretValues
{
    private const int MaxLength = 60;
    private static readonly string[] Words =
        ["password", "passwd", "secret", "token", "credential", "apikey", "api_key"];

    /// <summary>The value, shortened; hidden if its name, or a name inside an object or a list, looks secret.</summary>
    public static string Show(string name, string value)
    {
        if (IsSecret(name) || (value.AsSpan().ContainsAny("{[") && IsSecret(value)))
            return "invalid (its value is secret)";
        if (value.Length == 0) return "empty";
        return value.Length > MaxLength ? value[..MaxLength] + "…" : value;
    }

    private static bool IsSecret(string text) =>
        Words.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
