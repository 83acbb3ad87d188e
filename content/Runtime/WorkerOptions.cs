using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ReWorker.Wire.Settings;

namespace ReWorker;

/// <summary>
/// How a worker works: section <c>Worker</c>, and for one worker of several <c>Worker:&lt;its class name&gt;</c>, which comes first.
/// </summary>
public sealed class WorkerOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Worker";

    /// <summary>Jobs are taken from <c>worker.&lt;Queue&gt;</c>. 1 to 240 characters; default: the class name in lower case.</summary>
    [Text(1, 240)]
    public string Queue { get; set; } = "";

    /// <summary>How many jobs run at the same time. 1 to 10000, default 16.</summary>
    [Between(1, 10_000)]
    public int Concurrency { get; set; } = 16;

    /// <summary>
    /// How many jobs the broker hands over before the first is acknowledged. 1 to 65535, default four times
    /// <see cref="Concurrency"/>: those that wait here hide the round trip to the broker. Once where <see cref="OnRedelivery"/> is
    /// <c>Fail</c>: what had been handed over and not begun would fail, too.
    /// </summary>
    [Between(1, 65_535)]
    public int? Prefetch { get; set; }

    /// <summary>A job that runs longer has failed. 0.1 s to 24 d, default 1 h.</summary>
    [Duration("00:00:00.1", "24.00:00:00")]
    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long running jobs may go on after the process was told to stop. 0 s to 24 h, default 20 s.</summary>
    [Duration("00:00:00", "1.00:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>A larger body is refused. 1 byte to 16 MiB, default 4 MiB.</summary>
    [Between(1, 16 * 1024 * 1024)]
    public int MaxBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>A job whose worker died this many times is answered <c>failed</c> and parked. 1 to 1000, default 20.</summary>
    [Between(1, 1000)]
    public int MaxAttempts { get; set; } = 20;

    /// <summary>What to do with a job that ran before and was interrupted. Default: run it again.</summary>
    [OneOf(nameof(OnRedelivery.RunAgain), nameof(OnRedelivery.Fail))]
    public OnRedelivery OnRedelivery { get; set; } = OnRedelivery.RunAgain;

    /// <summary>Output below this level does not reach the users. Default: Debug, which is everything but Trace.</summary>
    [OneOf("Trace", "Debug", "Information", "Warning", "Error", "Critical", "None")]
    public LogLevel OutputLevel { get; set; } = LogLevel.Debug;

    /// <summary>Sends the notifications that a job asks for, where the step has not sent its own. Default: true.</summary>
    public bool AutoNotify { get; set; } = true;

    internal int EffectivePrefetch => Prefetch ?? Math.Min((OnRedelivery is OnRedelivery.Fail ? 1 : 4) * Concurrency, 65_535);
}

/// <summary>What becomes of a job that was interrupted when its worker died.</summary>
public enum OnRedelivery
{
    /// <summary>Run it from the start; the step must stand a second run.</summary>
    RunAgain,

    /// <summary>Answer <c>failed</c>; for steps that must never run twice.</summary>
    Fail,
}

[OptionsValidator]
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>;
