using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ReWorker.Protocol;

namespace ReWorker.Running;

/// <summary>Binds parameters to a type, and names everything that does not fit at once.</summary>
internal static class ParameterBinder
{
    private const int MostShown = 60;
    private static readonly string[] Secrets = ["password", "passwd", "secret", "token", "credential", "apikey", "api_key"];

    public static T? Bind<T>(JsonElement parameters, JobJson json, List<string> problems)
        where T : class
    {
        var type = json.TypeInfo(typeof(T));
        if (parameters.ValueKind is not JsonValueKind.Object) parameters = JsonElement.Parse("{}"u8);
        foreach (var property in type.Properties) CheckProperty(property, parameters, json, problems);
        if (problems.Count > 0) return null;
        try
        {
            var bound = (T)parameters.Deserialize(type)!;
            foreach (var property in type.Properties) Validate(property, bound, problems);
            return problems.Count > 0 ? null : bound;
        }
        catch (JsonException e)
        {
            problems.Add($"parameters: {e.Message}");
            return null;
        }
    }

    private static void CheckProperty(JsonPropertyInfo property, JsonElement parameters, JobJson json, List<string> problems)
    {
        if (!TryFind(parameters, property.Name, out var value))
        {
            if (property.IsRequired) problems.Add($"parameters.{property.Name} is missing; allowed: {Allowed(property)}");
            return;
        }
        try
        {
            if (value.ValueKind is JsonValueKind.Null && !property.IsSetNullable)
                problems.Add($"parameters.{property.Name} is null; allowed: {Allowed(property)}");
            else value.Deserialize(json.TypeInfo(property.PropertyType));
        }
        catch (JsonException)
        {
            problems.Add($"parameters.{property.Name} is {Shown(property.Name, value.GetRawText())}; allowed: {Allowed(property)}");
        }
    }

    private static void Validate(JsonPropertyInfo property, object bound, List<string> problems)
    {
        if (property.Get is not { } get || property.AttributeProvider is not { } attributes) return;
        var value = get(bound);
        var context = new ValidationContext(bound, property.Name, null, null) { MemberName = property.Name };
        foreach (ValidationAttribute rule in attributes.GetCustomAttributes(typeof(ValidationAttribute), inherit: true))
        {
            if (rule.GetValidationResult(value, context) is { } wrong)
                problems.Add($"parameters.{property.Name} is {Shown(property.Name, value?.ToString() ?? "null")}; {wrong.ErrorMessage}");
        }
    }

    private static bool TryFind(JsonElement parameters, string name, out JsonElement value)
    {
        if (parameters.TryGetProperty(name, out value)) return true;
        foreach (var one in parameters.EnumerateObject())
        {
            if (!one.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            value = one.Value;
            return true;
        }
        return false;
    }

    private static string Shown(string name, string value) =>
        Secrets.Any(secret => name.Contains(secret, StringComparison.OrdinalIgnoreCase)) ? "not right (its value is secret)"
        : value.Length > MostShown ? value[..MostShown] + "…" : value;

    private static string Allowed(JsonPropertyInfo property) => Type.GetTypeCode(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) switch
    {
        TypeCode.String => "a text",
        TypeCode.Boolean => "true or false",
        TypeCode.Byte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64 or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 => "a whole number",
        TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "a number",
        _ => property.PropertyType.IsAssignableTo(typeof(System.Collections.IEnumerable)) ? "a list" : "an object",
    };
}
