using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ReWorker.Hosting;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Settings;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Tools.OutputLog;

/// <summary>
/// Appends what users are told to one file a release. It acknowledges a line when the operating system has it, and keeps
/// trying while it can't be written.
/// </summary>
internal sealed partial class OutputWorker(ReleaseFiles files, Redactor redactor, TimeProvider time, ILogger<OutputWorker> log) : Worker
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    internal override IReadOnlyList<string> RoutingKeys => [Names.Output];

    internal override bool SendsReplies => false;

    protected internal override async Task<object?> ProcessAsync(Job job, CancellationToken cancel)
    {
        if (job.Body.ValueKind is not JsonValueKind.Object || !job.Body.TryGetProperty("message", out var message) || message.ValueKind is not JsonValueKind.String)
        {
            await job.RejectAsync(requeue: false, cancel).ConfigureAwait(false);
            throw new FormatException("it has no 'message'; allowed: {\"message\":\"…\"}");
        }

        var text = redactor.Redact(message.GetString()!);
        while (!TryAppend(job.CorrelationId, text)) await Task.Delay(Again, time, cancel).ConfigureAwait(false);
        LogLine(log, Printable.ForLog(job.CorrelationId), text);
        return null;
    }

    private bool TryAppend(string? correlationId, string text)
    {
        try
        {
            files.Append(correlationId, text);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogKept(log, e.Message, Again.TotalSeconds);
            return false;
        }
    }

    /// <summary>Registers it: one job at a time, since lines keep their order.</summary>
    internal static void Add(IHostApplicationBuilder host)
    {
        host.Services.AddOptions<OutputWorkerOptions>().BindConfiguration(OutputWorkerOptions.Section).ValidateOnStart();
        host.Services.AddSingleton<IValidateOptions<OutputWorkerOptions>, OutputWorkerOptionsValidator>();
        host.Services.AddSingleton<IValidateOptions<OutputWorkerOptions>, UnknownKeyValidator<OutputWorkerOptions>>();
        host.Services.AddSingleton<Redactor>();
        host.Services.AddSingleton<ReleaseFiles>();
        host.AddWorker<OutputWorker>();
        host.Services.PostConfigure<WorkerOptions>(nameof(OutputWorker), options => 
        {
            (options.Queue, options.Concurrency, options.Prefetch) = (Names.Output, 1, 256);
            // a line is no job that may fail: one that can't be written waits, and what the settings say of jobs does not reach it
            (options.TimeLimit, options.AutoNotify) = (TimeSpan.FromDays(24), false);
            (options.OnRedelivery, options.MaxAttempts, options.MaxBodyBytes) = (OnRedelivery.RunAgain, 1000, SendRules.MaxBodyBytes);
        });
    }

    [LoggerMessage(EventId = 60, Level = LogLevel.Debug, Message = "{CorrelationId} │ {Line}")]
    private static partial void LogLine(ILogger log, string correlationId, string line);

    [LoggerMessage(EventId = 61, Level = LogLevel.Error, Message = "A line can't be written: {Reason}. It is kept, and tried again every {Seconds} s.")]
    private static partial void LogKept(ILogger log, string reason, double seconds);
}
