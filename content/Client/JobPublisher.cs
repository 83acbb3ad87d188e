using System.Diagnostics;

namespace ReWorker.Client;

/// <summary>Publishes jobs, again if the connection is lost before the broker has confirmed them.</summary>
internal sealed class JobPublisher(
    ReplyConnection connection, string replyQueue, TimeSpan queueTimeout, TimeProvider time)
{
    private static readonly TimeSpan ResendDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan QueuePollDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns when the job has arrived: the broker has confirmed it, or a worker has replied.</summary>
    /// <exception cref="JobNotDeliveredException">The broker does not accept the job.</exception>
    public async Task PublishAsync(JobRequest job, byte[] body, PendingJob pending, CancellationToken cancel)
    {
        var queue = Names.Queue(job.Queue);
        var messageId = JobIds.New(time);
        var missingSince = default(long?);
        var isSuspect = false;
        using var span = Traces.StartSend(queue, messageId, job.CorrelationId);
        while (true)
        {
            var session = await connection.GetSessionAsync(cancel);
            if (pending.HasReply) return;
            try
            {
                var properties = CreateProperties(job, messageId);
                await session.PublishAsync(queue, properties, body, isSuspect, cancel);
                pending.MarkConfirmed();
                return;
            }
            catch (PublishException e) when (e.IsReturn)
            {
                var problem = $"queue {queue} does not exist: is the worker running, and is this its queue?";
                missingSince ??= time.GetTimestamp();
                if (time.GetElapsedTime(missingSince.Value) >= queueTimeout)
                    throw new JobNotDeliveredException(problem, e);
                pending.ReportMissing(problem, connection.OnTrouble);
                await Task.Delay(QueuePollDelay, time, cancel);
            }
            catch (PublishException e)
            {
                throw new JobNotDeliveredException($"the broker did not accept the job: is queue {queue} full?", e);
            }
            catch (Exception e) when (MayResend(session, e))
            {
                // Any of the jobs that were sent on the channel may be the one that the broker rejects.
                isSuspect |= session.HasRejectedJob;
                await Task.Delay(ResendDelay, time, cancel);
            }
        }
    }

    private static bool MayResend(ReplySession session, Exception e) =>
        e is not JobNotDeliveredException && (session.IsLost || e is AlreadyClosedException or TimeoutException);

    // New properties for each attempt, since the client writes into them.
    private BasicProperties CreateProperties(JobRequest job, string messageId)
    {
        var headers = new Dictionary<string, object?>();
        DistributedContextPropagator.Current.Inject(Activity.Current, headers, (_, key, value) => headers[key] = value);
        return new BasicProperties
        {
            ContentType = Names.JsonContent,
            Persistent = true,
            CorrelationId = job.CorrelationId,
            ReplyTo = replyQueue,
            MessageId = messageId,
            Timestamp = new AmqpTimestamp(time.GetUtcNow().ToUnixTimeSeconds()),
            Headers = headers,
        };
    }
}
