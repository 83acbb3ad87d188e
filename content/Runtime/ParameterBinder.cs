using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ReWorker.Running;
using ReWorker.Wire.Contract;

namespace ReWorker;

/// <summary>Binds parameters to a type, and names everything that does not fit at once.</summary>
internal static class ParameterBinder
{
    private const int MostShown = 60;
    private const string NotRight = "not right";

    // found by reflection, once for each type
    private static readonly ConcurrentDictionary<JsonTypeInfo, List<(JsonPropertyInfo Property, List<ValidationAttribute> Rules)>> Rules = new();
    private static readonly string[] Secrets = ["password", "passwd", "secret", "token", "credential", "apikey", "api_key"];

    public static T? Bind<T>(JsonElement parameters, JobJson json, List<JobError> problems)
        where T : class
    {
        var type = json.StrictInfo(typeof(T));
        if (parameters.ValueKind is not JsonValueKind.Object) parameters = JsonElement.Parse("{}"u8);
        var isComplete = true;
        foreach (var property in type.Properties) isComplete &= IsThere(property, parameters);
        if (!isComplete) return Explain<T>(type, parameters, json, problems, "");
        try
        {
            var bound = (T)parameters.Deserialize(type)!;
            foreach (var (property, rules) in Rules.GetOrAdd(type, RulesOf)) Validate(property, rules, property.Get!(bound), bound, problems);
            return problems.Count > 0 ? null : bound;
        }
        catch (JsonException e)
        {
            return Explain<T>(type, parameters, json, problems, e.Message);
        }
    }

    /// <summary>Reads each property by itself, to name all that are wrong; that takes time, which only wrong parameters are worth.</summary>
    private static T? Explain<T>(JsonTypeInfo type, JsonElement parameters, JobJson json, List<JobError> problems, string reason)
        where T : class
    {
        // with what can be read in it; null for a type that can't be made without all that it requires
        var partial = type.CreateObject?.Invoke();
        foreach (var property in type.Properties)
        {
            var isThere = TryFind(parameters, property.Name, out var given);
            if (!IsRight(property, isThere, given, json, problems, out var value)) continue;
            if (!isThere && partial is null) continue;
            if (!isThere) value = property.Get?.Invoke(partial!);
            else if (partial is not null) property.Set?.Invoke(partial, value);
            foreach (var (_, rules) in Rules.GetOrAdd(type, RulesOf).Where(one => one.Property == property)) Validate(property, rules, value, partial, problems);
        }
        if (problems.Count == 0) problems.Add(new($"parameters: {reason}"));
        return null;
    }

    private static bool IsThere(JsonPropertyInfo property, JsonElement parameters) => TryFind(parameters, property.Name, out var value)
        ? value.ValueKind is not JsonValueKind.Null || property.IsSetNullable
        : !property.IsRequired;

    private static bool IsRight(JsonPropertyInfo property, bool isThere, JsonElement given, JobJson json, List<JobError> problems, out object? value)
    {
        value = null;
        var type = json.StrictInfo(property.PropertyType, property.CustomConverter);
        string wrong;
        string? shown = null;
        if (!isThere) wrong = property.IsRequired ? "missing" : "";
        else if (given.ValueKind is JsonValueKind.Null && !property.IsSetNullable) wrong = "null";
        else
        {
            try
            {
                value = given.Deserialize(type);
                return true;
            }
            catch (JsonException)
            {
                wrong = NotRight;
                shown = Shown(property.Name, given.GetRawText());
            }
        }
        if (wrong.Length > 0) problems.Add(Of(property, wrong, shown, $"allowed: {Allowed(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, type)}"));
        return wrong.Length == 0;
    }

    private static List<(JsonPropertyInfo Property, List<ValidationAttribute> Rules)> RulesOf(JsonTypeInfo type) =>
    [
        .. type.Properties.Where(property => property is { Get: not null, AttributeProvider: not null })
            .Select(property => (property, property.AttributeProvider!.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>().ToList()))
            .Where(one => one.Item2.Count > 0),
    ];

    /// <param name="bound">All of it; null if it can't be made: rules that look at other properties have to wait.</param>
    private static void Validate(JsonPropertyInfo property, List<ValidationAttribute> rules, object? value, object? bound, List<JobError> problems)
    {
        var context = new ValidationContext(bound ?? property, property.Name, null, null) { MemberName = property.Name };
        foreach (var rule in rules.Where(rule => bound is not null || !rule.RequiresValidationContext))
        {
            if (rule.GetValidationResult(value, context) is { } wrong)
                problems.Add(Of(property, NotRight, Shown(property.Name, value?.ToString() ?? "null"), wrong.ErrorMessage));
        }
    }

    private static JobError Of(JsonPropertyInfo property, string wrong, string? shown, string? allowed) =>
        new($"parameters.{property.Name} is {shown ?? wrong}; {allowed}", $"parameters.{property.Name} is {wrong}; {allowed}");

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

    /// <summary>The value as the reply may have it; what is inside an object or a list counts, too.</summary>
    private static string Shown(string name, string value) =>
        Secrets.Any(secret => name.Contains(secret, StringComparison.OrdinalIgnoreCase) || (value.Contains(secret, StringComparison.OrdinalIgnoreCase) && value.AsSpan().ContainsAny("{[")))
            ? $"{NotRight} (its value is secret)"
        : value.Length == 0 ? "empty"
        : value.Length > MostShown ? value[..MostShown] + "…" : value;

    private static string Allowed(Type type, JsonTypeInfo json) => Type.GetTypeCode(type) switch
    {
        // as they are written: by name where the type has such a converter
        _ when type.IsEnum => string.Join(", ", Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(one => JsonSerializer.Serialize(Enum.ToObject(type, one), json))),
        TypeCode.String => "a text",
        TypeCode.Boolean => "true or false",
        TypeCode.Byte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64 or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 => "a whole number",
        TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "a number",
        _ => type.IsAssignableTo(typeof(System.Collections.IEnumerable)) ? "a list" : "an object",
    };
}
