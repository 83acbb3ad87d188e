using System.Reflection;
using ReWorker.Client;
using ReWorker.Testing;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Laws;

/// <summary>Projects, and the folders inside a project, use each other in one direction only.</summary>
public sealed class LayerTests
{
    private static readonly Assembly Wire = typeof(BrokerOptions).Assembly;
    private static readonly Assembly Runtime = typeof(Worker).Assembly;
    private static readonly Assembly Tools = typeof(WorkerHost).Assembly;

    private static readonly Assembly[] Projects =
        [Wire, typeof(JobClient).Assembly, Runtime, Tools, typeof(JobHarness).Assembly];

    /// <summary>A folder of the runtime may use the types of those before it.</summary>
    private static readonly string[] RuntimeLayers =
    [
        "ReWorker.Health", "ReWorker.Telemetry", "ReWorker.Publishing", "ReWorker.Deliveries", "ReWorker",
        "ReWorker.Running", "ReWorker.Topology", "ReWorker.Consuming", "ReWorker.Supervision", "ReWorker.Hosting",
    ];

    private sealed record Edge(string From, string To, Type User, Type Used)
    {
        public override string ToString() => $"{From} -> {To}: {User.Name} uses {Used.Name}";
    }

    [Fact]
    public void Projects_UseEachOther_WithoutACycle() => Law.Holds(InCycles(Edges(Projects, NameOf)));

    [Fact]
    public void Folders_OfWireAndTools_UseEachOtherWithoutACycle() =>
        Law.Holds(InCycles(Edges([Wire, Tools], type => type.Namespace!)));

    [Fact]
    public void Folders_OfTheRuntime_UseOnlyThoseBeforeThem()
    {
        var edges = Edges([Runtime], type => type.Namespace!).Where(edge => edge.Used.Assembly == Runtime).ToList();

        Assert.All(edges, edge => Assert.Contains(edge.From, RuntimeLayers));
        Law.Holds(edges.Where(edge => Array.IndexOf(RuntimeLayers, edge.From) < Array.IndexOf(RuntimeLayers, edge.To)));
    }

    private static string NameOf(Type type) => type.Assembly.GetName().Name!;

    // generated code has namespaces of its own
    private static bool IsOurs(Type type) =>
        Projects.Contains(type.Assembly) && $"{type.Namespace}.".StartsWith("ReWorker.", StringComparison.Ordinal);

    private static List<Edge> Edges(Assembly[] projects, Func<Type, string> nodeOf) =>
    [
        .. from user in projects.SelectMany(project => project.GetTypes())
           from used in TypeUses.Of(user)
           let outer = TypeUses.Outermost(user)
           where IsOurs(outer) && IsOurs(used) && nodeOf(outer) != nodeOf(used)
           group new Edge(nodeOf(outer), nodeOf(used), outer, used) by (nodeOf(outer), nodeOf(used)) into edges
           select edges.First(),
    ];

    private static IEnumerable<Edge> InCycles(List<Edge> edges)
    {
        return edges.Where(edge => Reachable(edge.To, []).Contains(edge.From));

        HashSet<string> Reachable(string node, HashSet<string> seen)
        {
            foreach (var edge in edges.Where(edge => edge.From == node && seen.Add(edge.To))) Reachable(edge.To, seen);
            return seen;
        }
    }
}
