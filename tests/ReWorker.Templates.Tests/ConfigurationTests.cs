using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ReWorker;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;

namespace ReWorker.Templates.Tests;

/// <summary>docs/configuration.md matches the options classes and the attributes that validate them.</summary>
public sealed partial class ConfigurationTests
{
    private static readonly Dictionary<string, Type> Sections = new()
    {
        ["Broker"] = typeof(BrokerOptions),
        ["Worker"] = typeof(WorkerOptions),
        ["OutputWorker"] = typeof(OutputWorkerOptions),
    };

    private static readonly string Page = File.ReadAllText(Repository.At("docs", "configuration.md"));

    public static TheoryData<string, string> Settings =>
    [
        .. from section in Sections
           from property in section.Value.GetProperties()
           select new TheoryDataRow<string, string>(section.Key, property.Name),
    ];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_OfTheOptions_HasARowWithItsDefaultAndAllowedValues(string section, string name)
    {
        var property = Sections[section].GetProperty(name)!;

        var row = Assert.Single(Rows(), row => row.Key == $"{section}:{name}");

        if (Default(property) is { } value) Assert.Equal(value, row.Default);
        if (Allowed(property) is { } allowed) Assert.Equal(allowed, row.Allowed);
    }

    [Fact]
    public void Rows_OfThePage_AreExactlyTheSettings()
    {
        var settings = Settings.Select(row => $"{row.Data.Item1}:{row.Data.Item2}");

        Assert.Equal(settings.Order(), Rows().Select(row => row.Key).Order());
    }

    private static IEnumerable<(string Key, string Default, string Allowed)> Rows() =>
        from row in Row().Matches(Page)
        select (row.Groups[1].Value, row.Groups[2].Value.Trim(), row.Groups[3].Value.Trim());

    /// <summary>Null if the default depends on other settings, because the page then describes it in words.</summary>
    private static string? Default(PropertyInfo property)
    {
        var value = property.GetValue(Activator.CreateInstance(property.DeclaringType!));
        return value switch
        {
            null or "" or ICollection { Count: 0 } => null,
            bool flag => flag ? "true" : "false",
            TimeSpan duration => Format(duration),
            _ => string.Format(CultureInfo.InvariantCulture, "{0}", value),
        };
    }

    private static string? Allowed(PropertyInfo property)
    {
        if (property.PropertyType == typeof(bool)) return "true, false";
        var rule = property.CustomAttributes
            .SingleOrDefault(attribute => attribute.AttributeType.BaseType?.Name == "SettingAttribute");
        var arguments = rule?.ConstructorArguments.Select(argument => argument.Value).ToArray();
        return rule?.AttributeType.Name switch
        {
            null => null,
            "BetweenAttribute" => $"{arguments![0]} to {arguments[1]}",
            "TextAttribute" => $"{arguments![0]} to {arguments[1]} bytes",
            "DurationAttribute" => $"{Format(Duration(arguments![0]))} to {Format(Duration(arguments[1]))}",
            "OneOfAttribute" => string.Join(
                ", ", ((IEnumerable<CustomAttributeTypedArgument>)arguments![0]!).Select(value => value.Value)),
            "PatternsAttribute" => "regular expressions",
            var other => throw new InvalidOperationException($"{other} is new: add how the page shows it"),
        };
    }

    private static TimeSpan Duration(object? text) => TimeSpan.Parse((string)text!, CultureInfo.InvariantCulture);

    private static string Format(TimeSpan duration)
    {
        var (value, unit) = duration switch
        {
            { TotalDays: >= 1 } => (duration.TotalDays, "d"),
            { TotalHours: >= 1 } => (duration.TotalHours, "h"),
            { TotalMinutes: >= 1 } => (duration.TotalMinutes, "min"),
            _ => (duration.TotalSeconds, "s"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{value} {unit}");
    }

    [GeneratedRegex(@"^\| `((?:Broker|Worker|OutputWorker):\w+)` \| ([^|]*) \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
