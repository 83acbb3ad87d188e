namespace ReWorker.Client;

/// <summary>One epoch of a requester's connections: publishes jobs and consumes the reply queue.</summary>
internal sealed class ReplySession(ReplyQueue queue, TimeSpan confirmTimeout, TimeProvider time) : IAsyncDisposable
{
    private const ushort Prefetch = 200;
    private static readonly TimeSpan DeleteTimeout = TimeSpan.FromSeconds(3);
    private static readonly CreateChannelOptions WithConfirms = new(true, true);

    private readonly Epoch _epoch = new(time);

    public Task<Loss> Loss => _epoch.Loss;
    public bool IsLost => Loss.IsCompleted;

    /// <summary>Why the broker blocks publishing; null while it does not.</summary>
    public string? Blocked => _epoch.Alarm.IsRaised ? _epoch.Alarm.Reason : null;

    /// <summary>True if the broker closed the publish channel because it rejects one of the jobs sent on it.</summary>
    public bool HasRejectedJob => RejectionReason(_epoch.PublishChannel) is not null;

    public async Task OpenAsync(ConnectionSource source, CancellationToken cancel)
    {
        await _epoch.ConnectAsync(source, "requester, replies", "requester", null, cancel);
        await Deadline.RunAsync(SetUpAsync, confirmTimeout, "opening the reply queue", time, cancel);
    }

    /// <summary>Publishes a job and waits for the broker's confirm.</summary>
    /// <param name="alone">Publishes on a separate channel. If the broker closes it, it rejects this job.</param>
    /// <exception cref="PublishException">The broker returned the job or did not accept it.</exception>
    /// <exception cref="JobNotDeliveredException">The broker rejected the job.</exception>
    public async Task PublishAsync(
        string to, BasicProperties properties, byte[] body, bool alone, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _epoch.Ended);
        if (alone) await _epoch.Alarm.WaitForEndAsync(either.Token);
        await using var separate = alone
            ? await _epoch.PublishConnection.CreateChannelAsync(WithConfirms, either.Token)
            : null;
        try
        {
            // The caller's token must not cut the write short: it would leave the shared channel in doubt.
            var confirmed = (separate ?? _epoch.PublishChannel).BasicPublishAsync(
                Names.DefaultExchange, to, mandatory: true, properties, body, _epoch.Ended);
            await WaitForConfirmAsync(confirmed.AsTask(), either.Token);
        }
        catch (AlreadyClosedException e) when (separate is not null && RejectionReason(separate) is { } reason)
        {
            throw new JobNotDeliveredException($"the broker rejected the job: {reason}", e);
        }
    }

    /// <summary>Deletes the reply queue, if the broker answers in time. A queue that remains expires.</summary>
    public async Task TryDeleteQueueAsync()
    {
        try
        {
            await Deadline.RunAsync(DeleteAsync, DeleteTimeout, "deleting", time, CancellationToken.None);
        }
        catch (Exception)
        {
            // The queue expires.
        }

        async Task DeleteAsync(CancellationToken cancel)
        {
            await using var channel = await OpenChannelAsync(cancel);
            await channel.QueueDeleteAsync(queue.Name, cancellationToken: cancel);
        }
    }

    public ValueTask DisposeAsync() => _epoch.DisposeAsync();

    /// <summary>Why the broker rejects a job that was sent on this channel; null if it rejects none.</summary>
    private static string? RejectionReason(IChannel channel) =>
        channel.CloseReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: 403 or 406 } rejection
            ? rejection.ReplyText
            : null;

    private async Task WaitForConfirmAsync(Task confirmed, CancellationToken cancel)
    {
        var writtenAt = time.GetTimestamp();
        while (true)
        {
            try
            {
                await confirmed.WaitAsync(confirmTimeout, time, cancel);
                return;
            }
            catch (TimeoutException) when (!confirmed.IsFaulted)
            {
                // During an alarm the broker confirms nothing, and it needs time to catch up afterwards.
                if (_epoch.Alarm.IsRaised) continue;
                var alarmEnd = _epoch.Alarm.EndedAt;
                if (alarmEnd > writtenAt && time.GetElapsedTime(alarmEnd) <= confirmTimeout) continue;
                End(LossReason.ConfirmTimeout, $"a job was not confirmed within {confirmTimeout.TotalSeconds:0.#} s");
            }
        }
    }

    private async Task SetUpAsync(CancellationToken cancel)
    {
        await _epoch.OpenPublishChannelAsync(WithConfirms, cancel);
        if (queue.Options.FollowOutput) await EnsureExchangeAsync(cancel);

        var channel = await OpenChannelAsync(cancel);
        _epoch.Watch(channel);
        await queue.DeclareAsync(channel, cancel);
        await channel.BasicQosAsync(0, Prefetch, global: false, cancel);

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.UnregisteredAsync += Cancelled;
        consumer.ReceivedAsync += Received;
        await channel.BasicConsumeAsync(queue.Name, autoAck: false, consumer, cancel);
    }

    private Task Cancelled(object sender, ConsumerEventArgs cancelled)
    {
        End(LossReason.ConsumerCancelled, "the broker cancelled the consumer of the reply queue");
        return Task.CompletedTask;
    }

    private Task Received(object sender, BasicDeliverEventArgs delivery)
    {
        // After a loss, the broker redelivers to the next session what this one still has in its buffers.
        if (IsLost) return Task.CompletedTask;
        queue.Receive(delivery);
        // A handler that waits for the client can block the client. If the acknowledgement fails, the channel is lost.
        var channel = ((AsyncEventingBasicConsumer)sender).Channel;
        _ = channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, _epoch.Ended).AsTask();
        return Task.CompletedTask;
    }

    // Declares the exchange if it does not exist yet: the requester may start before the first worker. A failed check
    // closes its channel, so the declaration needs another one.
    private async Task EnsureExchangeAsync(CancellationToken cancel)
    {
        try
        {
            await using var channel = await OpenChannelAsync(cancel);
            await channel.ExchangeDeclarePassiveAsync(Names.Exchange, cancel);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode is 404 && !IsLost)
        {
            await using var channel = await OpenChannelAsync(cancel);
            await channel.ExchangeDeclareAsync(
                Names.Exchange, ExchangeType.Topic, durable: true, cancellationToken: cancel);
        }
    }

    private Task<IChannel> OpenChannelAsync(CancellationToken cancel) =>
        _epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: cancel);

    private void End(LossReason reason, string detail) => _epoch.End(new Loss(reason, detail));
}
