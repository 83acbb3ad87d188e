namespace ReWorker.CommandLine;

/// <summary>Which parked jobs are meant: all, or some by number, id or correlation id.</summary>
internal sealed class DeadSelection
{
    private readonly HashSet<string> _wanted;
    private readonly HashSet<string> _found = [];
    private readonly bool _all;

    public DeadSelection(string[] wanted, bool all, string verb, string or)
    {
        if (wanted.FirstOrDefault(one => one.StartsWith('-')) is { } option) throw new UsageException($"there is no option {option} of dead {verb}; `dead {verb} --help` lists them");
        if (all == wanted.Length > 0) throw new UsageException($"dead {verb} needs numbers, ids or correlation ids as `dead list` shows them{or}{(all ? ", not both" : "")}");
        (_wanted, _all) = ([.. wanted], all);
    }

    public IEnumerable<string> Missing => _wanted.Except(_found);

    public bool Takes(DeadJob job)
    {
        var names = new[] { job.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), job.Id, job.Job };
        var matches = names.Where(_wanted.Contains).ToArray();
        _found.UnionWith(matches);
        return _all || matches.Length > 0;
    }
}
