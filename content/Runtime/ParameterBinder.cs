using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization.Metadata;

namespace ReWorker;

/// <summary>Binds parameters to a type, and reports every parameter that is missing or invalid at once.</summary>
internal static class ParameterBinder
{
    // found by reflection, once for each type
    private static readonly ConcurrentDictionary<JsonTypeInfo, List<RuledProperty>> RulesByType = new();
    private sealed record RuledProperty(JsonPropertyInfo Property, List<ValidationAttribute> Rules);

    public static T? Bind<T>(JsonElement parameters, JobJson json, List<JobError> errors)
        where T : class
    {
        var type = json.StrictInfo(typeof(T));
        if (parameters.ValueKind is not JsonValueKind.Object) parameters = JsonElement.Parse("{}"u8);
        var failure = "";
        try
        {
            if (type.Properties.All(property => IsPresent(property, parameters)))
            {
                var bound = (T)parameters.Deserialize(type)!;
                foreach (var ruled in RulesOf(type)) Validate(ruled, ruled.Property.Get!(bound), bound, errors);
                return errors.Count > 0 ? null : bound;
            }
        }
        catch (JsonException e)
        {
            failure = e.Message;
        }
        ReportEach(type, parameters, json, errors);
        if (errors.Count == 0) errors.Add(new($"parameters: {failure}"));
        return null;
    }

    // reads each property by itself, to report all errors. Slow, and only for invalid parameters
    private static void ReportEach(JsonTypeInfo type, JsonElement parameters, JobJson json, List<JobError> errors)
    {
        // holds the properties that can be read; null for a type that can only be created complete
        var partial = type.CreateObject?.Invoke();
        foreach (var property in type.Properties)
        {
            var isGiven = TryFind(parameters, property.Name, out var given);
            if (!TryRead(property, isGiven, given, json, errors, out var value)) continue;
            if (!isGiven && partial is null) continue;
            if (!isGiven) value = property.Get?.Invoke(partial!);
            else if (partial is not null) property.Set?.Invoke(partial, value);
            foreach (var ruled in RulesOf(type).Where(ruled => ruled.Property == property))
                Validate(ruled, value, partial, errors);
        }
    }

    private static bool IsPresent(JsonPropertyInfo property, JsonElement parameters) =>
        TryFind(parameters, property.Name, out var value)
            ? value.ValueKind is not JsonValueKind.Null || property.IsSetNullable
            : !property.IsRequired;

    private static bool TryRead(
        JsonPropertyInfo property, bool isGiven, JsonElement given, JobJson json, List<JobError> errors,
        out object? value)
    {
        value = null;
        if (!isGiven && !property.IsRequired) return true;
        var type = json.StrictInfo(property.PropertyType, property.CustomConverter);
        var allowed = Allowed(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, type);
        var isNull = isGiven && given.ValueKind is JsonValueKind.Null && !property.IsSetNullable;
        if (!isGiven || isNull)
        {
            errors.Add(new($"parameters.{property.Name} is {(isNull ? "null" : "missing")}; allowed: {allowed}"));
            return false;
        }
        try
        {
            value = given.Deserialize(type);
            return true;
        }
        catch (JsonException)
        {
            errors.Add(Invalid(property.Name, given.GetRawText(), $"allowed: {allowed}"));
            return false;
        }
    }

    private static List<RuledProperty> RulesOf(JsonTypeInfo type) => RulesByType.GetOrAdd(type, static type =>
    [
        .. type.Properties
            .Where(property => property is { Get: not null, AttributeProvider: not null })
            .Select(property => new RuledProperty(property, [.. property.AttributeProvider!
                .GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>()]))
            .Where(ruled => ruled.Rules.Count > 0),
    ]);

    // without the whole object, rules that look at it cannot run
    private static void Validate(RuledProperty ruled, object? value, object? bound, List<JobError> errors)
    {
        var name = ruled.Property.Name;
        var context = new ValidationContext(bound ?? ruled.Property, name, null, null) { MemberName = name };
        foreach (var rule in ruled.Rules.Where(rule => bound is not null || !rule.RequiresValidationContext))
        {
            if (rule.GetValidationResult(value, context) is { } result)
                errors.Add(Invalid(name, value?.ToString() ?? "null", result.ErrorMessage ?? ""));
        }
    }

    private static JobError Invalid(string name, string value, string allowed) => new(
        $"parameters.{name} is {SecretValues.Show(name, value)}; {allowed}",
        $"parameters.{name} is invalid; {allowed}");

    private static bool TryFind(JsonElement parameters, string name, out JsonElement value)
    {
        if (parameters.TryGetProperty(name, out value)) return true;
        foreach (var property in parameters.EnumerateObject())
        {
            if (!property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;
            value = property.Value;
            return true;
        }
        return false;
    }

    private static string Allowed(Type type, JsonTypeInfo json) => Type.GetTypeCode(type) switch
    {
        // as they are written: by name where the type has such a converter
        _ when type.IsEnum => string.Join(", ", Enum.GetValuesAsUnderlyingType(type).Cast<object>()
            .Select(value => JsonSerializer.Serialize(Enum.ToObject(type, value), json))),
        TypeCode.String => "a string",
        TypeCode.Boolean => "true or false",
        TypeCode.Byte or TypeCode.Int16 or TypeCode.Int32 or TypeCode.Int64
            or TypeCode.UInt16 or TypeCode.UInt32 or TypeCode.UInt64 => "a whole number",
        TypeCode.Single or TypeCode.Double or TypeCode.Decimal => "a number",
        _ => type.IsAssignableTo(typeof(IEnumerable)) ? "a list" : "an object",
    };
}
