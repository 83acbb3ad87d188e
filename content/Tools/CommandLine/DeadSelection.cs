namespace ReWorker.Tools.CommandLine;

/// <summary>
/// Which parked jobs are meant: all, or some by number, id or correlation id. A few digits are a number and nothing else: a requester may
/// call its jobs 1, 2, 3, and those have an id, too.
/// </summary>
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
        var number = job.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var matches = _wanted.Where(one => IsNumber(one) ? one == number : one == job.Id || one == job.Job).ToArray();
        _found.UnionWith(matches);
        return _all || matches.Length > 0;
    }

    private static bool IsNumber(string word) => word.Length < DeadJob.IdLength && word.All(char.IsAsciiDigit);
}
