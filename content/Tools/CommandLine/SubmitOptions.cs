namespace ReWorker.Tools.CommandLine;

/// <summary>The options of <c>submit</c>.</summary>
internal sealed class SubmitOptions
{
    public Option<string?> Job { get; } = Define<string?>(
        "--job", "FILE|-", "The job's JSON, from a file or standard input. The options below override it.", "-j");

    public Option<string[]> Parameters { get; } = Define<string[]>(
        "--parameter", "KEY=VALUE", "Sets a parameter. A value that is not JSON is a string. Repeatable.", "-p");

    public Option<string[]> Dynamic { get; } =
        Define<string[]>("--dynamic", "KEY=VALUE", "Sets a dynamic value, likewise.", "-d");

    public Option<string[]> Hosts { get; } = Define<string[]>("--host", "NAME", "Adds a host to parameters.hosts.");
    public Option<string?> Subcommand { get; } = Define<string?>("--subcommand", "NAME", "Sets parameters.subcommand.");
    public Option<string?> Group { get; } = Define<string?>("--group", "NAME", "Sets the job's group.");

    public Option<string[]> Notify { get; } = Define<string[]>(
        "--notify", "PHASE:CHANNEL=TARGET", "Notifies a target of started, completed or failed: failed:irc=#ops.");

    public QueueOption Queue { get; } = new();

    public Option<TimeSpan?> Timeout { get; } = Define<TimeSpan?>(
            "--timeout", "TIME", $"How long to wait for a job to end: {OptionRules.Durations}. Default: 1m.", "-t")
        .Duration();

    public Option<int?> Count { get; } =
        Define<int?>("--count", "N", "Sends the job N times and prints a summary.").InRange(1, 10_000_000);

    public Option<int?> Concurrency { get; } =
        Define<int?>("--concurrency", "M", "With --count: how many jobs at a time. Default: 16.").InRange(1, 10_000);

    public Option<bool> Json { get; } = new("--json") { Description = "Prints each event as one line of JSON." };
    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Prints only how the job ended." };

    /// <summary>The options that change the job's body.</summary>
    public IReadOnlyList<Option> Body => [Parameters, Dynamic, Hosts, Subcommand, Group, Notify];

    public IReadOnlyList<Option> All => [Job, .. Body, Queue, Timeout, Count, Concurrency, Json, Quiet];

    private static Option<T> Define<T>(string name, string form, string description, params string[] aliases) =>
        new(name, aliases) { HelpName = form, Description = description };
}
