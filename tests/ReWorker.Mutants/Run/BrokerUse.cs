using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ReWorker.Mutants.Run;

/// <summary>Which test classes need a broker, and the broker that all runs share.</summary>
internal static class BrokerUse
{
    private static readonly string[] Signs = ["BrokerFixture", "SharedBroker"];

    /// <summary>True if the source of a class names the fixture, or a type that needs a broker itself.</summary>
    public static bool IsNeeded(IEnumerable<string> classes)
    {
        var names = new RuntimeSource(WovenBuild.Tests).Roots
            .SelectMany(root => root.DescendantNodes().OfType<TypeDeclarationSyntax>())
            .ToLookup(
                type => type.Identifier.Text,
                type => type.DescendantTokens().Select(token => token.Text).ToHashSet());
        var needy = Signs.ToHashSet();
        int before;
        do
        {
            before = needy.Count;
            needy.UnionWith(names.Where(one => one.Any(words => words.Overlaps(needy))).Select(one => one.Key));
        }
        while (needy.Count > before);
        return classes.Any(needy.Contains);
    }

    /// <summary>
    /// A private node, if the distribution's is installed and there is no broker yet. Otherwise each run has a
    /// container.
    /// </summary>
    public static async Task<PrivateBroker?> StartAsync()
    {
        if (!PrivateBroker.IsInstalled || Environment.GetEnvironmentVariable("REWORKER_TEST_AMQP") is { Length: > 0 })
            return null;
        Console.WriteLine("Starting a broker");
        return (PrivateBroker)await new PrivateBroker().OpenAsync();
    }

    public static Dictionary<string, string> Environ(PrivateBroker? broker)
    {
        // the tests remove their containers themselves
        var settings = new Dictionary<string, string> { ["TESTCONTAINERS_RYUK_DISABLED"] = "true" };
        if (broker is null) return settings;
        settings["REWORKER_TEST_AMQP"] = $"amqp://guest:guest@{broker.Nodes[0]}/";
        settings["REWORKER_TEST_RABBITMQCTL"] = broker.Rabbitmqctl;
        return settings;
    }
}
