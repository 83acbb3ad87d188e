using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Contract;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Client;

/// <summary>
/// Sends jobs and follows them: one client for a process, any number of jobs at once, one connection that is opened with
/// the first job and opened again whenever it is lost.
/// </summary>
/// <remarks>
/// <para><b>Order</b>: a job's events come in the order in which its worker sent them; copies are dropped.</para>
/// <para><b>Lost connections</b>: replies wait on the broker until the client is back (<see cref="JobClientOptions.ReplyQueueLifetime"/>).
/// A job whose sending was cut short is sent again under the same message id, unless a worker has answered: a step that must
/// never run twice guards itself, as it must against a worker's death.</para>
/// <para><b>Cancellation</b> and <see cref="JobRequest.Timeout"/> end the waiting, not the job.</para>
/// </remarks>
public sealed partial class JobClient : IAsyncDisposable
{
    private static readonly TimeSpan ResendPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, PendingJob> _jobs = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly string _replyQueue;
    private readonly TimeSpan _queueTimeout;
    private readonly ReplyConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    /// <summary>A client for those who have no host; with one, use <see cref="JobClientRegistration.AddJobClient"/>.</summary>
    /// <param name="uri">The broker: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps://</c>.</param>
    /// <param name="options">Other than the defaults.</param>
    public JobClient(string uri, JobClientOptions? options = null)
        : this(ConnectionRegistration.FromUri(uri, TimeProvider.System), options ?? new(), new BrokerOptions().ConfirmTimeout, TimeProvider.System, NullLogger.Instance)
    {
    }

    internal JobClient(ConnectionSource source, JobClientOptions options, TimeSpan confirmTimeout, TimeProvider time, ILogger log)
    {
        if (options.ReplyQueueLifetime < TimeSpan.FromMinutes(1) || options.ReplyQueueLifetime > TimeSpan.FromDays(1))
            throw new ArgumentException($"{nameof(JobClientOptions.ReplyQueueLifetime)} is {options.ReplyQueueLifetime}; allowed: 1 min to 24 h", nameof(options));
        (_time, _log, _queueTimeout) = (time, log, options.QueueTimeout);
        _replyQueue = $"reply.{JobIds.New(time)}";
        _connection = new ReplyConnection(source, new ReplyQueue(_replyQueue, options, Received), confirmTimeout, time)
        {
            OnTrouble = trouble => LogTrouble(_log, trouble),
        };
    }

    /// <summary>Called with what stands between the client and the broker, each time that it tries in vain.</summary>
    internal Action<string> OnTrouble { set => _connection.OnTrouble = value; }

    /// <summary>Sends a job and yields what is heard of it, up to <see cref="JobEvent.Completed"/> or <see cref="JobEvent.Failed"/>.</summary>
    /// <exception cref="ArgumentException">The job breaks the contract; nothing was sent.</exception>
    /// <exception cref="JobNotDeliveredException">The broker did not take the job; there is no such queue, for one.</exception>
    /// <exception cref="TimeoutException">The job did not end within its <see cref="JobRequest.Timeout"/>; it may yet.</exception>
    public async IAsyncEnumerable<JobEvent> SendAsync(JobRequest job, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        var body = job.ToBytes();
        var pending = new PendingJob();
        if (!_jobs.TryAdd(job.CorrelationId, pending)) throw new ArgumentException($"a job '{job.CorrelationId}' is under way already");
        try
        {
            using var limit = new CancellationTokenSource(job.Timeout, _time);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel, _disposed.Token);
            await BoundedAsync(PublishAsync(job, body, pending, wait.Token), job, pending, cancel).ConfigureAwait(false);
            while (await BoundedAsync(pending.Events.WaitToReadAsync(wait.Token).AsTask(), job, pending, cancel).ConfigureAwait(false))
                while (pending.Events.TryRead(out var heard))
                    yield return heard;
        }
        finally
        {
            _jobs.TryRemove(job.CorrelationId, out _);
        }
    }

    /// <summary>Sends a job and waits until it has completed.</summary>
    /// <exception cref="JobFailedException">The worker answered <c>failed</c>.</exception>
    /// <inheritdoc cref="SendAsync"/>
    public async Task<JobResult> RunAsync(JobRequest job, CancellationToken cancel = default)
    {
        var began = _time.GetTimestamp();
        var output = new List<string>();
        JsonElement data = default;
        await foreach (var heard in SendAsync(job, cancel).ConfigureAwait(false))
        {
            if (heard is JobEvent.Output line) output.Add(line.Line);
            else if (heard is JobEvent.Completed completed) data = completed.Data;
            else if (heard is JobEvent.Failed failed) throw new JobFailedException(job.CorrelationId, failed.Reason);
        }
        return new JobResult(job.CorrelationId, data, output, _time.GetElapsedTime(began));
    }

    /// <summary>Sends a job, waits until it has completed, and reads its data.</summary>
    /// <param name="job">The job.</param>
    /// <param name="json">The source-generated context that has the type, the one that the step was given; read as steps write: camelCase.</param>
    /// <exception cref="JsonException">The data is missing, or of another shape.</exception>
    /// <exception cref="InvalidOperationException">The type is in no context; nothing was sent.</exception>
    /// <inheritdoc cref="RunAsync(JobRequest, CancellationToken)"/>
    public async Task<T> RunAsync<T>(JobRequest job, IJsonTypeInfoResolver json, CancellationToken cancel = default)
    {
        var type = new JobJson(json).TypeInfo(typeof(T));
        var result = await RunAsync(job, cancel).ConfigureAwait(false);
        if (result.Data.ValueKind is JsonValueKind.Undefined) throw new JsonException($"job {job.CorrelationId} completed without data");
        return (T)result.Data.Deserialize(type)!;
    }

    /// <summary>Ends the waiting for all jobs under way, and deletes the reply queue.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed.IsCancellationRequested) return;
        await _disposed.CancelAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Opens the connection before the first job asks for it.</summary>
    internal async Task ConnectAsync(TimeSpan limit, CancellationToken cancel)
    {
        try
        {
            await _connection.CurrentAsync(cancel).WaitAsync(limit, _time, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"no broker within {limit.TotalSeconds:0.###} s: {_connection.Trouble ?? "it does not answer"}");
        }
    }

    private async Task<bool> PublishAsync(JobRequest job, byte[] body, PendingJob pending, CancellationToken cancel)
    {
        var queue = Names.Queue(job.Queue);
        var messageId = JobIds.New(_time);
        long? missingSince = null;
        using var span = Traces.StartSend(queue, messageId, job.CorrelationId);
        while (true)
        {
            var link = await _connection.CurrentAsync(cancel).ConfigureAwait(false);
            if (pending.HasAnswer) return true;
            try
            {
                await link.PublishAsync(queue, Properties(job, messageId), body, cancel).ConfigureAwait(false);
                pending.Confirmed();
                return true;
            }
            catch (PublishException e) when (e.IsReturn)
            {
                var trouble = $"there is no queue {queue}: is the worker running, or has it another queue name?";
                missingSince ??= _time.GetTimestamp();
                if (_time.GetElapsedTime(missingSince.Value) >= _queueTimeout) throw new JobNotDeliveredException(trouble, e);
                pending.Misses(trouble, _connection.OnTrouble);
                await Task.Delay(QueuePause, _time, cancel).ConfigureAwait(false);
            }
            catch (PublishException e)
            {
                throw new JobNotDeliveredException($"the broker refused the job: is the queue {queue} full?", e);
            }
            catch (Exception e) when ((link.IsLost || e is AlreadyClosedException) && !cancel.IsCancellationRequested)
            {
                if (link.Refusal(body.Length) is { } refusal) throw new JobNotDeliveredException($"the broker refused the job: {refusal}");
                await Task.Delay(ResendPause, _time, cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Made anew for each attempt: the client writes into the object.</summary>
    private BasicProperties Properties(JobRequest job, string messageId)
    {
        var headers = new Dictionary<string, object?>();
        DistributedContextPropagator.Current.Inject(Activity.Current, headers, static (carrier, key, value) => ((Dictionary<string, object?>)carrier!)[key] = value);
        return new BasicProperties
        {
            ContentType = Names.JsonContent,
            Persistent = true,
            CorrelationId = job.CorrelationId,
            ReplyTo = _replyQueue,
            MessageId = messageId,
            Timestamp = new AmqpTimestamp(_time.GetUtcNow().ToUnixTimeSeconds()),
            Headers = headers,
        };
    }

    /// <summary>Says which of the three tokens ended the waiting.</summary>
    private async Task<bool> BoundedAsync(Task<bool> step, JobRequest job, PendingJob pending, CancellationToken cancel)
    {
        try
        {
            return await step.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancel.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            throw new TimeoutException($"no answer from {Names.Queue(job.Queue)} within {job.Timeout.TotalSeconds:0.###} s: {_connection.Trouble ?? pending.State}");
        }
    }

    private void Received(BasicDeliverEventArgs delivery)
    {
        // output and notifications of other requesters' jobs come this way, too
        if (delivery.BasicProperties.CorrelationId is not { } id || !_jobs.TryGetValue(id, out var job)) return;
        if (ReplyReader.TryRead(delivery.Exchange, delivery.RoutingKey, delivery.Body.Span) is { } heard) job.Hear(heard, delivery.BasicProperties.MessageId);
        else LogUnreadable(_log, Printable.ForLog(id), Printable.ForLog(delivery.RoutingKey));
    }

    [LoggerMessage(EventId = 80, Level = LogLevel.Warning, Message = "Jobs and their replies wait for the broker: {Trouble}")]
    private static partial void LogTrouble(ILogger log, string trouble);

    [LoggerMessage(EventId = 81, Level = LogLevel.Warning, Message = "A message of job {CorrelationId} with the routing key {RoutingKey} is not of the contract, and is dropped")]
    private static partial void LogUnreadable(ILogger log, string correlationId, string routingKey);
}
