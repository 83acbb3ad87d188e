using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using ReWorker;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;

namespace ReWorker.Templates.Tests;

/// <summary>docs/configuration.md against the options and the attributes that enforce them.</summary>
public sealed partial class ConfigurationTests
{
    private static readonly Dictionary<string, Type> Sections = new() { ["Broker"] = typeof(BrokerOptions), ["Worker"] = typeof(WorkerOptions), ["OutputWorker"] = typeof(OutputWorkerOptions) };

    private static readonly string Page = File.ReadAllText(Repository.At("docs", "configuration.md"));

    public static TheoryData<string, string> Settings =>
    [
        .. from section in Sections
           from property in section.Value.GetProperties()
           select new TheoryDataRow<string, string>(section.Key, property.Name),
    ];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_HasALineWithItsDefaultAndWhatIsAllowed(string section, string name)
    {
        var property = Sections[section].GetProperty(name)!;

        var line = Assert.Single(Rows(), row => row.Key == $"{section}:{name}");

        if (Default(property) is { } value) Assert.Equal(value, line.Default);
        if (Allowed(property) is { } allowed) Assert.Equal(allowed, line.Allowed);
    }

    [Fact]
    public void Lines_AreEachOfASettingThatThereIs()
    {
        var settings = Settings.Select(row => $"{row.Data.Item1}:{row.Data.Item2}");

        Assert.Equal(settings.Order(), Rows().Select(row => row.Key).Order());
    }

    private static IEnumerable<(string Key, string Default, string Allowed)> Rows() =>
        Row().Matches(Page).Select(row => (row.Groups[1].Value, row.Groups[2].Value.Trim(), row.Groups[3].Value.Trim()));

    /// <summary>Null where the default is a matter of other settings, which only words can say.</summary>
    private static string? Default(PropertyInfo property) => property.GetValue(Activator.CreateInstance(property.DeclaringType!)) switch
    {
        null or "" or ICollection { Count: 0 } => null,
        bool truth => truth ? "true" : "false",
        TimeSpan span => Words(span),
        var value => string.Format(CultureInfo.InvariantCulture, "{0}", value),
    };

    private static string? Allowed(PropertyInfo property)
    {
        if (property.PropertyType == typeof(bool)) return "true, false";
        var rule = property.CustomAttributes.SingleOrDefault(one => one.AttributeType.BaseType?.Name == "SettingAttribute");
        var arguments = rule?.ConstructorArguments.Select(one => one.Value).ToArray();
        return rule?.AttributeType.Name switch
        {
            null => null,
            "BetweenAttribute" => $"{arguments![0]} to {arguments[1]}",
            "TextAttribute" => $"{arguments![0]} to {arguments[1]} bytes",
            "DurationAttribute" => $"{Words(Span(arguments![0]))} to {Words(Span(arguments[1]))}",
            "OneOfAttribute" => string.Join(", ", ((IEnumerable<CustomAttributeTypedArgument>)arguments![0]!).Select(one => one.Value)),
            "PatternsAttribute" => "regular expressions",
            var other => throw new InvalidOperationException($"{other} is new: say here how the page shows it"),
        };
    }

    private static TimeSpan Span(object? text) => TimeSpan.Parse((string)text!, CultureInfo.InvariantCulture);

    private static string Words(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span switch
    {
        { TotalDays: >= 1 } => $"{span.TotalDays} d",
        { TotalHours: >= 1 } => $"{span.TotalHours} h",
        { TotalMinutes: >= 1 } => $"{span.TotalMinutes} min",
        _ => $"{span.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s",
    }}");

    [GeneratedRegex(@"^\| `((?:Broker|Worker|OutputWorker):\w+)` \| ([^|]*) \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
