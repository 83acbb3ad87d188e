namespace ReWorker.Tools.OutputLog;

/// <summary>
/// Appends user output to one log file per release. It acknowledges a line once the operating system has it, and
/// retries for as long as the line can't be written.
/// </summary>
internal sealed partial class OutputWorker(
    ReleaseFiles files, Redactor redactor, TimeProvider time, ILogger<OutputWorker> log) : Worker
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    internal override IReadOnlyList<string> RoutingKeys => [Names.Output];
    internal override bool SendsReplies => false;

    protected internal override async Task<object?> ProcessAsync(Job job, CancellationToken cancel)
    {
        if (job.Body.ValueKind is not JsonValueKind.Object
            || !job.Body.TryGetProperty("message", out var message)
            || message.ValueKind is not JsonValueKind.String)
        {
            await job.RejectAsync(requeue: false, cancel);
            throw new FormatException("'message' is missing or not a string; allowed: {\"message\":\"…\"}");
        }

        var text = redactor.Redact(message.GetString()!);
        while (!TryAppend(job.CorrelationId, text)) await Task.Delay(RetryDelay, time, cancel);
        LogWritten(log, job.CorrelationId, text);
        return null;
    }

    private bool TryAppend(string? correlationId, string text)
    {
        try
        {
            files.Append(correlationId, text);
            return true;
        }
        catch (Exception e)
        {
            LogNotWritten(log, e.Message, RetryDelay.TotalSeconds);
            return false;
        }
    }

    /// <summary>Adds the output worker to a host.</summary>
    internal static void Add(IHostApplicationBuilder host)
    {
        host.Services.AddOptions<OutputWorkerOptions>()
            .BindConfiguration(OutputWorkerOptions.Section).ValidateOnStart();
        host.Services.AddSingleton<IValidateOptions<OutputWorkerOptions>, OutputWorkerOptionsValidator>();
        host.Services.AddSingleton<IValidateOptions<OutputWorkerOptions>, UnknownKeyValidator<OutputWorkerOptions>>();
        host.Services.AddSingleton<Redactor>();
        host.Services.AddSingleton<ReleaseFiles>();
        host.AddWorker<OutputWorker>();
        host.Services.PostConfigure<WorkerOptions>(nameof(OutputWorker), options =>
        {
            // one at a time keeps the lines in order
            (options.Queue, options.Concurrency, options.Prefetch) = (Names.Output, 1, 256);
            // A line must be written, however long that takes, so the settings for jobs do not apply.
            (options.TimeLimit, options.AutoNotify) = (TimeSpan.FromDays(24), false);
            (options.OnRedelivery, options.MaxAttempts) = (OnRedelivery.RunAgain, 1000);
            options.MaxBodyBytes = Names.MaxBodyBytes;
        });
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Debug, Message = "{CorrelationId} │ {Line}")]
    private static partial void LogWritten(ILogger log, Untrusted correlationId, Untrusted line);
    [LoggerMessage(EventId = 61, Level = LogLevel.Error,
        Message = "Could not write a line: {Reason}. It is kept and retried every {Seconds} s.")]
    private static partial void LogNotWritten(ILogger log, string reason, double seconds);
}
