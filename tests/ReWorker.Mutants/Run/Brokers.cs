using System.Collections.Concurrent;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ReWorker.Mutants.Run;

/// <summary>
/// A broker for each run that goes on at a time: the tests of two runs would see each other's output. It is a private
/// node, if the distribution's is installed; otherwise each run starts a container.
/// </summary>
internal sealed class Brokers : IAsyncDisposable
{
    private static readonly string[] Signs = ["BrokerFixture", "SharedBroker"];

    private readonly ConcurrentBag<PrivateBroker> _free = [];

    public async Task StartAsync(int count)
    {
        if (!PrivateBroker.IsInstalled) return;
        Console.WriteLine($"Starting {count} broker{(count == 1 ? "" : "s")}");
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            var broker = new PrivateBroker();
            await broker.OpenAsync();
            _free.Add(broker);
        }));
    }

    /// <summary>True if the source of a class names the fixture, or a type that needs a broker itself.</summary>
    public static bool AreNeeded(IEnumerable<string> classes)
    {
        var words = new RuntimeSource(WovenBuild.Tests).Roots
            .SelectMany(root => root.DescendantNodes().OfType<TypeDeclarationSyntax>())
            .ToLookup(
                type => type.Identifier.Text,
                type => type.DescendantTokens().Select(token => token.Text).ToHashSet());
        var needy = Signs.ToHashSet();
        int before;
        do
        {
            before = needy.Count;
            needy.UnionWith(words.Where(type => type.Any(one => one.Overlaps(needy))).Select(type => type.Key));
        }
        while (needy.Count > before);
        return classes.Any(needy.Contains);
    }

    /// <summary>Runs the tests with a broker of their own.</summary>
    /// <param name="results">The file that gets the result of each test.</param>
    public async Task<TestRun> RunAsync(
        Mutant? mutant, IReadOnlyList<string> classes, TimeSpan limit, CancellationToken cancel, string? results = null)
    {
        var environment = new Dictionary<string, string>
        {
            ["REWORKER_TEST_AMQP"] = "",
            ["TESTCONTAINERS_RYUK_DISABLED"] = "true", // the tests remove their containers themselves
        };
        var arguments = classes.SelectMany(one => new[] { "-class", $"*.{one}" }).ToList();
        if (results is not null) arguments.AddRange(["-xml", results]);
        _free.TryTake(out var broker);
        try
        {
            if (broker is not null)
            {
                environment["REWORKER_TEST_AMQP"] = $"amqp://guest:guest@{broker.Nodes[0]}/";
                environment["REWORKER_TEST_RABBITMQCTL"] = broker.Rabbitmqctl;
            }
            return await TestRun.RunAsync(mutant, arguments, limit, environment, cancel);
        }
        finally
        {
            if (broker is not null) _free.Add(broker);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _free) await broker.DisposeAsync();
    }
}
