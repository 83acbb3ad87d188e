namespace ReWorker.Tools.CommandLine;

/// <summary>
/// Selects parked jobs: all, or some by number, id or correlation id. A few digits are always a number, even if a
/// requester uses 1, 2, 3 as correlation ids. Those jobs can be selected by id.
/// </summary>
internal sealed class DeadSelection
{
    private readonly HashSet<string> _wanted;
    private readonly HashSet<string> _found = [];
    private readonly bool _all;

    public DeadSelection(string verb, string[] wanted, bool all)
    {
        if (all == wanted.Length > 0)
        {
            var orAll = verb is "show" ? "" : " or --all";
            var not = all ? ", not both" : "";
            throw new UsageException($"dead {verb} needs numbers, ids or correlation ids from `dead list`{orAll}{not}");
        }
        (_wanted, _all) = ([.. wanted], all);
    }

    public IEnumerable<string> Missing => _wanted.Except(_found);

    public bool Includes(DeadJob job)
    {
        var matches = _wanted.Where(word => Matches(word, job)).ToArray();
        _found.UnionWith(matches);
        return _all || matches.Length > 0;
    }

    private static bool Matches(string word, DeadJob job)
    {
        var isNumber = word.Length < DeadJob.IdLength && word.All(char.IsAsciiDigit);
        return isNumber ? word == $"{job.Number}" : word == job.Id || word == job.CorrelationId;
    }
}
