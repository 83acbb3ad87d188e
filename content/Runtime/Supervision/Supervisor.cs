using ReWorker.Consuming;
using ReWorker.Running;
using ReWorker.Topology;

namespace ReWorker.Supervision;

/// <summary>
/// Owns everything that lives on a connection, and is the only one that reconnects: it opens an epoch, waits for its
/// end, pauses, and opens the next, for ever. Jobs and messages outlive epochs; the runners and the publisher own them.
/// </summary>
internal sealed partial class Supervisor(
    ConnectionSource source, TopologyBuilder topology, ConsumerFactory consumerFactory, Publisher publisher,
    IEnumerable<Runner> runners, ConsumptionProbe probe, HealthState health, Instruments instruments,
    IOptions<BrokerOptions> options, TimeProvider time, ILogger<Supervisor> log) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);
    // an epoch that lasted this long resets the backoff
    private static readonly TimeSpan StableAfter = TimeSpan.FromSeconds(30);

    private readonly Runner[] _runners = [.. runners];
    private readonly CancellationTokenSource _stop = new();
    private readonly Backoff _backoff = new(options.Value.MaxBackoff);
    private Task _loop = Task.CompletedTask;
    private EpochConsumers? _current;
    private volatile bool _draining;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        CheckQueuesDiffer();
        // an address that cannot be read will not mend itself: fail the start instead of retrying for ever
        SetDisconnected($"not connected yet to {source.Check()}");
        foreach (var runner in _runners) runner.Start();
        return Task.CompletedTask;
    }

    // takes no job before the owner's services have started: a job may need them, and their failure must not cost it
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _loop = Task.Run(LoopAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stops in two steps: consume nothing more and let running jobs finish; when the drain time is over, requeue them.
    /// Runs before the host stops anything else, so that health and metrics answer until the last job has ended.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        health.Set(HealthState.Worker, false, "stopping");
        if (_current is { } consumers) await CancelAsync(consumers);
        SetConsuming(false, "stopping");
        foreach (var runner in _runners) runner.StopAccepting();
        await Task.WhenAll(_runners.Select(runner => runner.DrainAsync(cancellationToken)));

        if (_current is { } last)
        {
            await last.FlushAsync(last.Epoch.Ended).WaitAsync(TickInterval, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await _stop.CancelAsync();
        await _loop;
        LogStopped(log, publisher.Unsettled);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // a host whose start fails disposes without stopping, and twice; cancelling frees all that the source has
    public void Dispose() => _stop.Cancel();

    private void CheckQueuesDiffer()
    {
        var shared = _runners.GroupBy(runner => runner.Queue).FirstOrDefault(queue => queue.Count() > 1);
        if (shared is null) return;
        var names = string.Join(" and ", shared.Select(runner => runner.Name));
        throw new OptionsValidationException(WorkerOptions.Section, typeof(WorkerOptions),
            [$"{names} have the same queue, {shared.Key}; allowed: one each, by Worker:<class name>:Queue"]);
    }

    private async Task LoopAsync()
    {
        long? lostAt = null;
        while (!_stop.IsCancellationRequested)
        {
            health.Tick();
            var epoch = new Epoch(time);
            var isOpen = false;
            try
            {
                var consumers = await OpenAsync(epoch);
                isOpen = true;
                ReportOpen(lostAt);
                await WaitForLossAsync(consumers);
            }
            catch (Exception e)
            {
                epoch.End(new Loss(LossReason.Connection, BrokerFault.Describe(e)));
            }
            if (isOpen) lostAt = time.GetTimestamp();
            publisher.TakeBackUnconfirmed();
            // during the pause: the broker can at once give to others what a connection that still stands has fetched
            var closing = epoch.DisposeAsync();
            if (!_stop.IsCancellationRequested) await PauseAsync(await epoch.Loss, isOpen);
            await closing;
        }
    }

    private async Task<EpochConsumers> OpenAsync(Epoch epoch)
    {
        var consumers = new EpochConsumers(epoch);
        var names = string.Join(", ", _runners.Select(runner => runner.Name));
        await epoch.ConnectAsync(source, $"{names} consumes", $"{names} publishes", health.Tick, _stop.Token);
        foreach (var runner in _runners)
            await StepAsync("declaring queues", token => topology.BuildAsync(epoch.ConsumeConnection, runner, token));
        // the runtime tracks confirms itself, pipelined, at a fifth of the cost of the client's own tracking
        var trackedByUs = new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false);
        await StepAsync("opening a channel", token => epoch.OpenPublishChannelAsync(trackedByUs, token));
        _ = publisher.RunAsync(epoch);
        foreach (var runner in _draining ? [] : _runners)
            await StepAsync("consuming", token => consumerFactory.StartAsync(consumers, runner, token));

        Interlocked.Exchange(ref _current, consumers);
        // a stop that came in between has not seen these consumers
        if (_draining) await CancelAsync(consumers);
        return consumers;
    }

    private Task StepAsync(string what, Func<CancellationToken, Task> step)
    {
        health.Tick();
        return Deadline.RunAsync(step, options.Value.ConnectTimeout, what, time, _stop.Token);
    }

    private async Task CancelAsync(EpochConsumers consumers) =>
        await Deadline.RunAsync(
            consumers.CancelAsync, TickInterval, "cancelling the consumers", time, consumers.Epoch.Ended)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void ReportOpen(long? lostAt)
    {
        if (lostAt is { } since) instruments.Outage.Record(time.GetElapsedTime(since).TotalSeconds);
        health.Set(HealthState.Connection, true, source.Address);
        if (_draining) return;
        SetConsuming(true, "consuming");
        LogConsuming(log, string.Join(", ", _runners.Select(runner => runner.Queue)), source.Address);
    }

    private async Task WaitForLossAsync(EpochConsumers consumers)
    {
        var epoch = consumers.Epoch;
        _ = probe.RunAsync(consumers);
        var openedAt = time.GetTimestamp();
        var isBlocked = false;
        while (!epoch.Loss.IsCompleted && !_stop.IsCancellationRequested)
        {
            health.Tick();
            if (time.GetElapsedTime(openedAt) > StableAfter) _backoff.Reset();
            if (epoch.Alarm.IsRaised != isBlocked)
            {
                isBlocked = !isBlocked;
                if (isBlocked) LogBlocked(log, epoch.Alarm.Reason, publisher.Unsettled);
                else LogUnblocked(log);
            }
            var detail = isBlocked ? $"blocks publishing: {epoch.Alarm.Reason}" : "accepts messages";
            health.Set(HealthState.Broker, !isBlocked, detail);
            await Task.WhenAny(epoch.Loss, Task.Delay(TickInterval, time, _stop.Token));
        }
    }

    private async Task PauseAsync(Loss loss, bool wasOpen)
    {
        var pause = _backoff.Next();
        SetDisconnected(loss.Detail);
        if (wasOpen)
        {
            instruments.Reconnects.Add(1, new KeyValuePair<string, object?>("reason", MetricLabel.For(loss.Reason)));
            var running = _runners.Sum(runner => runner.Running);
            LogLost(log, Printable.OneLine(loss.Detail), running, publisher.Unsettled, pause.TotalSeconds);
        }
        else
        {
            instruments.ConnectFailures.Add(1);
            LogNotConnected(log, source.Address, Printable.OneLine(loss.Detail), pause.TotalSeconds);
        }
        for (var left = pause; left > TimeSpan.Zero && !_stop.IsCancellationRequested; left -= TickInterval)
        {
            health.Tick();
            await Task.Delay(left < TickInterval ? left : TickInterval, time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void SetDisconnected(string detail)
    {
        health.Set(HealthState.Connection, false, detail);
        health.Set(HealthState.Broker, true, "unknown (not connected)");
        SetConsuming(false, "waiting for the connection");
    }

    // while connected, the probe looks closer
    private void SetConsuming(bool isConsuming, string detail)
    {
        foreach (var runner in _runners) health.Set(HealthState.Queue(runner.Queue), isConsuming, detail);
    }

    [LoggerMessage(40, LogLevel.Information, "Consuming from {Queues} at {Address}")]
    private static partial void LogConsuming(ILogger log, string queues, string address);
    [LoggerMessage(41, LogLevel.Warning,
        "Lost the connection to RabbitMQ: {Reason}. {Running} jobs continue, {Unsettled} messages are unconfirmed; "
        + "reconnecting in {Seconds:0.0} s.")]
    private static partial void LogLost(ILogger log, string reason, int running, int unsettled, double seconds);
    [LoggerMessage(42, LogLevel.Warning,
        "Could not connect to {Address}: {Reason}. Jobs and replies wait; the next try is in {Seconds:0.0} s.")]
    private static partial void LogNotConnected(ILogger log, string address, string reason, double seconds);
    [LoggerMessage(43, LogLevel.Information, "Stopped. {Unsettled} messages are unconfirmed; their jobs run again.")]
    private static partial void LogStopped(ILogger log, int unsettled);
    [LoggerMessage(44, LogLevel.Warning,
        "RabbitMQ has blocked publishing: {Reason}. Jobs continue; {Unsettled} messages are held until it unblocks.")]
    private static partial void LogBlocked(ILogger log, string? reason, int unsettled);
    [LoggerMessage(45, LogLevel.Information, "RabbitMQ accepts messages again; held messages are sent")]
    private static partial void LogUnblocked(ILogger log);
}
