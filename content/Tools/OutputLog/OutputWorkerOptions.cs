namespace ReWorker.Tools.OutputLog;

/// <summary>Options of the output worker: section <c>OutputWorker</c>.</summary>
public sealed class OutputWorkerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "OutputWorker";

    /// <summary>
    /// The directory of the log files, one per release. It is created if it is missing. Only one output worker writes
    /// to it; a second one waits. Default: <c>output</c>.
    /// </summary>
    [Text(1, 4096)]
    public string Directory { get; set; } = "output";

    /// <summary>Regular expressions. A line that matches one is written as <c>[redacted]</c>. Default: none.</summary>
    [Patterns]
    public IList<string> Redactions { get; set; } = [];

    /// <summary>How many files are kept open. 1 to 10000, default 256.</summary>
    [Between(1, 10_000)]
    public int MaxOpenFiles { get; set; } = 256;
}

[OptionsValidator]
internal sealed partial class OutputWorkerOptionsValidator : IValidateOptions<OutputWorkerOptions>;
