using System.Reflection;
using System.Text.RegularExpressions;
using ReWorker.Tests.Operations;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Laws;

/// <summary>The drawing in content/README.md names real methods.</summary>
public sealed partial class DrawingTests
{
    private const BindingFlags Any =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;

    [Fact]
    public void Methods_OfTheDrawing_Exist()
    {
        var readme = File.ReadAllText(OperatorsPage.Find("content", "README.md"));
        var types = new[] { typeof(Worker).Assembly, typeof(BrokerOptions).Assembly }
            .SelectMany(assembly => assembly.GetTypes()).ToLookup(type => type.Name);

        var named = Drawing().Matches(readme).SelectMany(drawing => Method().Matches(drawing.Value)).ToList();

        Assert.InRange(named.Count, 20, 60);
        Law.Holds(
            from method in named
            let name = method.Groups[2].Value
            where types[method.Groups[1].Value].All(type => type.GetMember(name, MemberTypes.Method, Any).Length == 0)
            select $"{method.Value} does not exist");
    }

    [GeneratedRegex("^```\n.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Drawing();

    [GeneratedRegex(@"\b([A-Z]\w+)\.([A-Z]\w+)")]
    private static partial Regex Method();
}
