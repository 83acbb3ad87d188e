using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging.Abstractions;

namespace ReWorker.Client;

/// <summary>
/// Sends jobs and follows them. A process needs one client for any number of jobs at once. It connects when the first
/// job is sent, and reconnects whenever the connection is lost.
/// </summary>
/// <remarks>
/// <para><b>Order</b>: a job's events arrive in the order in which its worker sent them. Copies are dropped.</para>
/// <para><b>Lost connections</b>: the broker keeps the replies until the client is back, for
/// <see cref="JobClientOptions.ReplyQueueLifetime"/>. A job that the broker has not confirmed is sent again with the
/// same message id, unless a worker has replied. It may run twice, as it may when a worker dies.</para>
/// <para><b>Cancellation</b> and <see cref="JobRequest.Timeout"/> end the wait for the job, not the job.</para>
/// </remarks>
public sealed partial class JobClient : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, PendingJob> _jobs = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly ReplyConnection _connection;
    private readonly JobPublisher _publisher;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    /// <summary>Creates a client. In a host, use <see cref="JobClientRegistration.AddJobClient"/> instead.</summary>
    /// <param name="uri">The broker: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c> for TLS.</param>
    /// <param name="options">Options that differ from the defaults.</param>
    /// <exception cref="ArgumentException">The URI or an option is invalid.</exception>
    public JobClient(string uri, JobClientOptions? options = null)
        : this(
            ConnectionRegistration.FromUri(uri), options ?? new(),
            new BrokerOptions().ConfirmTimeout, TimeProvider.System, NullLogger.Instance)
    {
    }

    internal JobClient(
        ConnectionSource source, JobClientOptions options, TimeSpan confirmTimeout, TimeProvider time, ILogger log)
    {
        options.Validate();
        (_time, _log) = (time, log);
        var queue = new ReplyQueue($"reply.{JobIds.New(time)}", options, Receive);
        _connection = new ReplyConnection(source, queue, confirmTimeout, time)
        {
            OnTrouble = trouble => LogTrouble(_log, trouble),
        };
        _publisher = new JobPublisher(_connection, queue.Name, options.QueueTimeout, time);
    }

    /// <summary>Called when jobs can't be sent, with the reason, but not twice in a row with the same reason.</summary>
    internal Action<string> OnTrouble { set => _connection.OnTrouble = value; }

    /// <summary>
    /// Sends a job and yields its events, up to <see cref="JobEvent.Completed"/> or <see cref="JobEvent.Failed"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The job is invalid. Nothing was sent.</exception>
    /// <exception cref="JobNotDeliveredException">The queue does not exist, or did not accept the job.</exception>
    /// <exception cref="TimeoutException">The job did not end within its timeout. It may still run.</exception>
    public async IAsyncEnumerable<JobEvent> SendAsync(
        JobRequest job, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        var body = job.ToBytes();
        var pending = new PendingJob();
        if (!_jobs.TryAdd(job.CorrelationId, pending))
            throw new ArgumentException($"a job '{job.CorrelationId}' is in flight already; each job needs its own id");
        try
        {
            using var limit = new CancellationTokenSource(job.Timeout, _time);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel, _disposed.Token);
            var next = PublishAsync();
            while (await WaitAsync(next, job, pending, cancel))
            {
                while (pending.Events.TryRead(out var jobEvent)) yield return jobEvent;
                next = pending.Events.WaitToReadAsync(wait.Token).AsTask();
            }

            async Task<bool> PublishAsync()
            {
                await _publisher.PublishAsync(job, body, pending, wait.Token);
                return await pending.Events.WaitToReadAsync(wait.Token);
            }
        }
        finally
        {
            _jobs.TryRemove(job.CorrelationId, out _);
        }
    }

    /// <summary>Sends a job and returns its result.</summary>
    /// <exception cref="JobFailedException">The worker replied <c>failed</c>.</exception>
    /// <inheritdoc cref="SendAsync"/>
    public async Task<JobResult> RunAsync(JobRequest job, CancellationToken cancel = default)
    {
        var startedAt = _time.GetTimestamp();
        var output = new List<string>();
        JsonElement data = default;
        await foreach (var jobEvent in SendAsync(job, cancel))
        {
            if (jobEvent is JobEvent.Output line) output.Add(line.Line);
            else if (jobEvent is JobEvent.Completed completed) data = completed.Data;
            else if (jobEvent is JobEvent.Failed failed) throw new JobFailedException(job.CorrelationId, failed.Reason);
        }
        return new JobResult(job.CorrelationId, data, output, _time.GetElapsedTime(startedAt));
    }

    /// <summary>Sends a job and returns its data as <typeparamref name="T"/>. Property names are camelCase.</summary>
    /// <param name="job">The job.</param>
    /// <param name="json">A source-generated context that contains the type.</param>
    /// <exception cref="JsonException">The job completed without data, or the data does not fit the type.</exception>
    /// <exception cref="InvalidOperationException">The context does not contain the type. Nothing was sent.</exception>
    /// <inheritdoc cref="RunAsync(JobRequest, CancellationToken)"/>
    public async Task<T> RunAsync<T>(JobRequest job, IJsonTypeInfoResolver json, CancellationToken cancel = default)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = json };
        if (!options.TryGetTypeInfo(typeof(T), out var type))
            throw new InvalidOperationException($"the JSON context {json.GetType().Name} does not contain {typeof(T)}");
        var result = await RunAsync(job, cancel);
        if (result.Data.ValueKind is JsonValueKind.Undefined)
            throw new JsonException($"job {job.CorrelationId} completed without data");
        return (T)result.Data.Deserialize(type)!;
    }

    /// <summary>Stops waiting for all jobs, and deletes the reply queue.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested) return;
        await _disposed.CancelAsync();
        await _connection.DisposeAsync();
    }

    /// <summary>Connects before the first job does.</summary>
    internal async Task ConnectAsync(TimeSpan timeout, CancellationToken cancel)
    {
        try
        {
            await _connection.GetSessionAsync(cancel).WaitAsync(timeout, _time, cancel);
        }
        catch (TimeoutException)
        {
            var reason = _connection.Trouble ?? "the broker does not answer";
            throw new TimeoutException($"not connected within {timeout.TotalSeconds:0.###} s: {reason}");
        }
    }

    /// <summary>Waits, and says which of the three tokens ended the wait.</summary>
    private async Task<bool> WaitAsync(Task<bool> next, JobRequest job, PendingJob pending, CancellationToken cancel)
    {
        try
        {
            return await next;
        }
        catch (OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            var (queue, seconds) = (Names.Queue(job.Queue), job.Timeout.TotalSeconds);
            throw new TimeoutException(
                $"no answer from {queue} within {seconds:0.###} s: {_connection.Trouble ?? pending.State}");
        }
    }

    private void Receive(BasicDeliverEventArgs delivery)
    {
        var properties = delivery.BasicProperties;
        // The exchange also delivers the output and notifications of other requesters' jobs.
        if (properties.CorrelationId is not { } id || !_jobs.TryGetValue(id, out var job)) return;
        if (ReplyReader.TryRead(delivery.Exchange, delivery.RoutingKey, delivery.Body.Span) is { } jobEvent)
            job.Receive(jobEvent, properties.MessageId);
        else
            LogInvalidMessage(_log, id, delivery.RoutingKey);
    }

    [LoggerMessage(EventId = 80, Level = LogLevel.Warning, Message = "Jobs and replies wait for the broker: {Trouble}")]
    private static partial void LogTrouble(ILogger log, Untrusted trouble);
    [LoggerMessage(EventId = 81, Level = LogLevel.Warning, Message =
        "Dropped a message of job {CorrelationId} with routing key {RoutingKey}: its body breaks the contract")]
    private static partial void LogInvalidMessage(ILogger log, Untrusted correlationId, Untrusted routingKey);
}
