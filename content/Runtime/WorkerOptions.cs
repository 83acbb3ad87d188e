using ReWorker.Wire.Settings;

namespace ReWorker;

/// <summary>
/// The settings of a worker: section <c>Worker</c>. With several workers in a process, the section
/// <c>Worker:&lt;class name&gt;</c> overrides it for one of them.
/// </summary>
public sealed class WorkerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Worker";

    /// <summary>The queue is <c>worker.&lt;Queue&gt;</c>. 1 to 240 bytes; default: the class name, lowercase.</summary>
    [Text(1, 240)]
    public string Queue { get; set; } = "";

    /// <summary>How many jobs run at the same time. 1 to 10000, default 16.</summary>
    [Between(1, 10_000)]
    public int Concurrency { get; set; } = 16;

    /// <summary>
    /// How many unacknowledged jobs the broker delivers. 1 to 65535. Default: four times <see cref="Concurrency"/>, so
    /// that waiting jobs hide the round trip to the broker; with <see cref="OnRedelivery"/> <c>Fail</c>, once, because
    /// jobs that were delivered but had not started would fail too.
    /// </summary>
    [Between(1, 65_535)]
    public int? Prefetch { get; set; }

    /// <summary>A job that runs longer fails. 0.1 s to 24 d, default 1 h.</summary>
    [Duration("00:00:00.1", "24.00:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long running jobs may continue when the process must stop. 0 s to 24 h, default 20 s.</summary>
    [Duration("00:00:00", "1.00:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>A job with a larger body is rejected. 1 byte to 16 MiB, default 4 MiB.</summary>
    [Between(1, 16 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>A job whose worker died so many times fails and is parked. 1 to 1000, default 20.</summary>
    [Between(1, 1000)]
    public int MaxAttempts { get; set; } = 20;

    /// <summary>What to do with a job that had started before and was interrupted. Default: run it again.</summary>
    [OneOf(nameof(OnRedelivery.RunAgain), nameof(OnRedelivery.Fail))]
    public OnRedelivery OnRedelivery { get; set; } = OnRedelivery.RunAgain;

    /// <summary>Output below this level is not sent. Default: Debug, which is everything except Trace.</summary>
    [OneOf("Trace", "Debug", "Information", "Warning", "Error", "Critical", "None")]
    public LogLevel OutputLevel { get; set; } = LogLevel.Debug;

    /// <summary>Sends the notifications that a job asks for unless the step sends its own. Default: true.</summary>
    public bool AutoNotify { get; set; } = true;

    internal int EffectivePrefetch =>
        Prefetch ?? Math.Min((OnRedelivery is OnRedelivery.Fail ? 1 : 4) * Concurrency, 65_535);
}

/// <summary>What becomes of a job that was interrupted when its worker died.</summary>
public enum OnRedelivery
{
    /// <summary>Run it from the start. The step must be idempotent.</summary>
    RunAgain,

    /// <summary>Answer <c>failed</c>, for steps that must never run twice.</summary>
    Fail,
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;
