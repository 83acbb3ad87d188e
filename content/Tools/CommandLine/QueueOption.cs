namespace ReWorker.Tools.CommandLine;

/// <summary>The option <c>--queue</c>: the worker that a verb is about.</summary>
internal sealed class QueueOption : Option<string?>
{
    private const string Key = $"{WorkerOptions.Section}:{nameof(WorkerOptions.Queue)}";

    public QueueOption()
        : base("--queue", "-q") =>
        (HelpName, Description, Recursive) = ("NAME", $"The worker's queue. Default: the setting {Key}.", true);

    public string Resolve(ParseResult parsed, IServiceProvider services) =>
        (parsed.GetValue(this) ?? services.GetRequiredService<IConfiguration>()[Key]) is { Length: > 0 } queue
            ? queue
            : throw new UsageException($"no queue given: use --queue NAME, or set {Key} in appsettings.json");
}
