using ReWorker.Faults.Rows;

namespace ReWorker.Faults;

/// <summary>All rows, in the order of the page: the quick ones first.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. new[]
        {
            Connections.Rows, Outages.Rows, Queues.Rows, Replies.Rows, Processes.Rows, Surroundings.Rows,
            Jobs.Rows, Steps.Rows, Clusters.Rows,
        }.SelectMany(rows => rows).OrderByDescending(row => row.IsQuick),
    ];
}
