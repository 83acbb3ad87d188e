using System.CommandLine;

namespace ReWorker.Tools.CommandLine;

/// <summary>The options of <c>submit</c>.</summary>
internal sealed class SubmitOptions
{
    public Option<string?> Job { get; } = new("--job", "-j") { HelpName = "FILE|-", Description = "The job's body, JSON, from a file or from standard input. The options below are laid over it." };
    public Option<string[]> Parameters { get; } = Many("--parameter", "KEY=VALUE", "A parameter; JSON where it parses, else text. Any number of times, as the next ones.", "-p");
    public Option<string[]> Dynamic { get; } = Many("--dynamic", "KEY=VALUE", "A dynamic value, likewise.", "-d");
    public Option<string[]> Hosts { get; } = Many("--host", "NAME", "A host, for parameters.hosts.");
    public Option<string?> Subcommand { get; } = new("--subcommand") { HelpName = "NAME", Description = "parameters.subcommand." };
    public Option<string?> Group { get; } = new("--group") { HelpName = "NAME", Description = "The job's group." };
    public Option<string[]> Notify { get; } = Many("--notify", "PHASE:CHANNEL=TARGET", "Who is told of started, completed, failed: failed:irc=#ops.");
    public Option<string?> Queue { get; } = new("--queue", "-q") { HelpName = "NAME", Description = "The worker's queue. Default: Worker:Queue of the configuration." };
    public Option<TimeSpan?> Timeout { get; } = new Option<TimeSpan?>("--timeout", "-t") { HelpName = "TIME", Description = $"How long to wait for a job's end: {Duration.Allowed}. Default: 1m." }.Span();
    public Option<int?> Count { get; } = new Option<int?>("--count") { HelpName = "N", Description = "Sends the job N times and sums up." }.Whole(1, 10_000_000);
    public Option<int?> Concurrency { get; } = new Option<int?>("--concurrency") { HelpName = "M", Description = "With --count: how many jobs at once. Default: 16." }.Whole(1, 10_000);
    public Option<bool> Json { get; } = new("--json") { Description = "One JSON object a line for each event." };
    public Option<bool> Quiet { get; } = new("--quiet") { Description = "Says only how it ended." };

    public IEnumerable<Option> All => [Job, Parameters, Dynamic, Hosts, Subcommand, Group, Notify, Queue, Timeout, Count, Concurrency, Json, Quiet];

    private static Option<string[]> Many(string name, string form, string description, params string[] aliases) =>
        new(name, aliases) { HelpName = form, Description = description, Arity = ArgumentArity.OneOrMore };
}
