namespace ReWorker.Tools.CommandLine;

/// <summary>The options of <c>submit</c>.</summary>
internal sealed class SubmitOptions
{
    public Option<string?> Job { get; } =
        One("--job", "FILE|-", "The job's JSON, from a file or standard input. The options below override it.", "-j");

    public Option<string[]> Parameters { get; } =
        Many("--parameter", "KEY=VALUE", "Sets a parameter. A value that is not JSON is a string. Repeatable.", "-p");

    public Option<string[]> Dynamic { get; } = Many("--dynamic", "KEY=VALUE", "Sets a dynamic value, likewise.", "-d");
    public Option<string[]> Hosts { get; } = Many("--host", "NAME", "Adds a host to parameters.hosts.");
    public Option<string?> Subcommand { get; } = One("--subcommand", "NAME", "Sets parameters.subcommand.");
    public Option<string?> Group { get; } = One("--group", "NAME", "Sets the job's group.");

    public Option<string[]> Notify { get; } =
        Many("--notify", "PHASE:CHANNEL=TARGET", "Notifies a target of started, completed or failed: failed:irc=#ops.");

    public QueueOption Queue { get; } = new();

    public Option<TimeSpan?> Timeout { get; } = new Option<TimeSpan?>("--timeout", "-t")
    {
        HelpName = "TIME", Description = $"How long to wait for a job to end: {OptionRules.Durations}. Default: 1m.",
    }.Duration();

    public Option<int?> Count { get; } =
        Number("--count", "N", "Sends the job N times and prints a summary.").InRange(1, 10_000_000);

    public Option<int?> Concurrency { get; } =
        Number("--concurrency", "M", "With --count: how many jobs at a time. Default: 16.").InRange(1, 10_000);

    public Option<bool> Json { get; } = new("--json") { Description = "Prints each event as one line of JSON." };
    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Prints only how the job ended." };

    /// <summary>The options that change the job's body.</summary>
    public IReadOnlyList<Option> Body => [Parameters, Dynamic, Hosts, Subcommand, Group, Notify];

    public IReadOnlyList<Option> All => [Job, .. Body, Queue, Timeout, Count, Concurrency, Json, Quiet];

    private static Option<string?> One(string name, string form, string description, params string[] aliases) =>
        new(name, aliases) { HelpName = form, Description = description };

    private static Option<int?> Number(string name, string form, string description) =>
        new(name) { HelpName = form, Description = description };

    private static Option<string[]> Many(string name, string form, string description, params string[] aliases) =>
        new(name, aliases) { HelpName = form, Description = description, Arity = ArgumentArity.OneOrMore };
}
