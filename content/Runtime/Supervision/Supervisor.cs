using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using ReWorker.Consuming;
using ReWorker.Health;
using ReWorker.Publishing;
using ReWorker.Running;
using ReWorker.Telemetry;
using ReWorker.Topology;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Telemetry;

namespace ReWorker.Supervision;

/// <summary>
/// Owns everything that lives on a connection, and is the only one who reconnects: it begins an epoch, waits for its
/// end, pauses, begins the next, for ever. Jobs and messages outlive epochs; they are the runners' and the publisher's.
/// </summary>
internal sealed partial class Supervisor(
    ConnectionSource source, TopologyBuilder topology, ConsumerFactory consumers, Publisher publisher, IEnumerable<Runner> runners, ConsumptionProbe probe,
    HealthState health, Instruments instruments, IOptions<BrokerOptions> options, TimeProvider time, ILogger<Supervisor> log) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>An epoch that lasted this long was a good one.</summary>
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(30);

    private readonly Runner[] _runners = [.. runners];
    private readonly CancellationTokenSource _stop = new();
    private readonly Backoff _backoff = new(options.Value.MaxBackoff);
    private Task _loop = Task.CompletedTask;
    private EpochConsumers? _current;
    private volatile bool _draining;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_runners.GroupBy(one => one.Queue).FirstOrDefault(queue => queue.Count() > 1) is { } shared)
            throw new OptionsValidationException(WorkerOptions.Section, typeof(WorkerOptions), [$"{string.Join(" and ", shared.Select(one => one.Name))} have the same queue, {shared.Key}; allowed: one each, by Worker:<class name>:Queue"]);
        // an address that can't be read will not mend itself: better no start than a loop
        health.Set(HealthState.Connection, false, $"not connected yet to {source.Check()}");
        Taking(false, "waits for the connection");
        foreach (var runner in _runners) runner.Start();
        _loop = Task.Run(LoopAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Two steps: take nothing more and let running jobs end; when the drain time is over, hand them back. Ahead of all that the host
    /// stops: health and metrics are answered until the last job has ended.
    /// </summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _draining = true;
        health.Set(HealthState.Process, false, "stopping");
        if (_current is { } taking) await CancelConsumersAsync(taking).ConfigureAwait(false);
        Taking(false, "stopping");
        foreach (var runner in _runners) runner.StopTaking();
        await Task.WhenAll(_runners.Select(runner => runner.DrainAsync(cancellationToken))).ConfigureAwait(false);

        if (_current is { } last) await QuietlyAsync(() => last.FlushAsync(last.Epoch.Ended).WaitAsync(Tick, time, cancellationToken)).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        LogStopped(log, publisher.Unsettled);
    }

    /// <summary>A host whose start fails elsewhere disposes without stopping, and twice. The source has nothing else to free.</summary>
    public void Dispose() => _stop.Cancel();

    private async Task LoopAsync()
    {
        long? lostAt = null;
        while (!_stop.IsCancellationRequested)
        {
            health.Tick();
            var epoch = new Epoch(time);
            var isOpen = false;
            Loss loss;
            try
            {
                var taking = await OpenAsync(epoch).ConfigureAwait(false);
                isOpen = true;
                Opened(lostAt);
                loss = await WaitForLossAsync(epoch, taking).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                loss = epoch.Loss.IsCompletedSuccessfully ? epoch.Loss.Result : new Loss(LossReason.Connection, BrokerFault.Describe(e));
                epoch.End(loss);
            }
            if (isOpen) lostAt = time.GetTimestamp();
            publisher.TakeBackUnconfirmed();
            // beside the pause: the broker is to give to others at once what a connection that still stands has fetched
            var closing = epoch.DisposeAsync();
            if (!_stop.IsCancellationRequested) await LostAsync(loss, isOpen).ConfigureAwait(false);
            await closing.ConfigureAwait(false);
        }
    }

    private async Task<EpochConsumers> OpenAsync(Epoch epoch)
    {
        var taking = new EpochConsumers(epoch);
        var limit = options.Value.ConnectTimeout;
        var cancel = _stop.Token;
        var name = string.Join(", ", _runners.Select(one => one.Name));
        await epoch.ConnectAsync(source, $"{name} consumes", $"{name} publishes", health.Tick, cancel).ConfigureAwait(false);
        foreach (var runner in _runners)
        {
            health.Tick();
            await Deadline.RunAsync(token => topology.BuildAsync(epoch.ConsumeConnection, runner, token), limit, "declaring the queues", time, cancel).ConfigureAwait(false);
        }
        health.Tick();
        await Deadline.RunAsync(token => epoch.OpenPublishChannelAsync(new CreateChannelOptions(true, false), token), limit, "opening a channel", time, cancel).ConfigureAwait(false);
        _ = publisher.RunAsync(epoch);
        if (!_draining)
        {
            foreach (var runner in _runners)
            {
                health.Tick();
                var consumer = await Deadline.RunAsync(token => consumers.StartAsync(taking, runner, token), limit, "consuming", time, cancel).ConfigureAwait(false);
                _ = consumer.RunAsync();
            }
        }
        Interlocked.Exchange(ref _current, taking);
        // a stop that came in between has not seen these consumers
        if (_draining) await CancelConsumersAsync(taking).ConfigureAwait(false);
        return taking;
    }

    private Task CancelConsumersAsync(EpochConsumers taking) => QuietlyAsync(() => Deadline.RunAsync(taking.CancelAsync, Tick, "cancelling", time, taking.Epoch.Ended));

    private void Opened(long? lostAt)
    {
        if (lostAt is { } since) instruments.Outage.Record(time.GetElapsedTime(since).TotalSeconds);
        health.Set(HealthState.Connection, true, source.Address);
        if (_draining) return;
        Taking(true, "consumes");
        LogConsuming(log, string.Join(", ", _runners.Select(one => one.Queue)), source.Address);
    }

    /// <summary>Waits for the end of the epoch, with a sign of life each second.</summary>
    private async Task<Loss> WaitForLossAsync(Epoch epoch, EpochConsumers taking)
    {
        _ = probe.RunAsync(taking);
        var since = time.GetTimestamp();
        var isBlocked = false;
        while (!epoch.Loss.IsCompleted && !_stop.IsCancellationRequested)
        {
            health.Tick();
            if (time.GetElapsedTime(since) > Held) _backoff.Reset();
            if (epoch.Alarm.IsRaised != isBlocked)
            {
                isBlocked = !isBlocked;
                if (isBlocked) LogBlocked(log, epoch.Alarm.Reason, publisher.Unsettled);
                else LogUnblocked(log);
            }
            await Task.WhenAny(epoch.Loss, Task.Delay(Tick, time, _stop.Token)).ConfigureAwait(false);
        }
        return epoch.Loss.IsCompleted ? await epoch.Loss.ConfigureAwait(false) : new Loss(LossReason.Stopped, "stopped");
    }

    private async Task LostAsync(Loss loss, bool wasOpen)
    {
        var pause = _backoff.Next();
        health.Set(HealthState.Connection, false, loss.Detail);
        health.Set(HealthState.Broker, true, "not known while not connected");
        Taking(false, "waits for the connection");
        if (wasOpen)
        {
            instruments.Reconnects.Add(1, new KeyValuePair<string, object?>("reason", loss.MetricLabel));
            LogLost(log, Printable.OneLine(loss.Detail), _runners.Sum(one => one.Running), publisher.Unsettled, pause.TotalSeconds);
        }
        else
        {
            instruments.ConnectFailures.Add(1);
            LogNotConnected(log, source.Address, Printable.OneLine(loss.Detail), pause.TotalSeconds);
        }
        for (var left = pause; left > TimeSpan.Zero && !_stop.IsCancellationRequested; left -= Tick)
        {
            health.Tick();
            await QuietlyAsync(() => Task.Delay(left < Tick ? left : Tick, time, _stop.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>The probe looks closer while connected.</summary>
    private void Taking(bool isTaking, string why)
    {
        foreach (var runner in _runners) health.Set(HealthState.Queue(runner.Queue), isTaking, why);
    }

    private static async Task QuietlyAsync(Func<Task> action)
    {
        try
        {
            await action().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // best effort on the way out
        }
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "Consuming from {Queues} at {Address}")]
    private static partial void LogConsuming(ILogger log, string queues, string address);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "Lost the broker: {Reason}. {Running} jobs run on, {Unsettled} messages wait to be confirmed; connecting again in {Seconds:0.0} s.")]
    private static partial void LogLost(ILogger log, string reason, int running, int unsettled, double seconds);

    [LoggerMessage(EventId = 42, Level = LogLevel.Warning, Message = "Could not connect to {Address}: {Reason}. Jobs and replies wait; next try in {Seconds:0.0} s.")]
    private static partial void LogNotConnected(ILogger log, string address, string reason, double seconds);

    [LoggerMessage(EventId = 43, Level = LogLevel.Information, Message = "Stopped. Messages left unconfirmed: {Unsettled}; their jobs run again elsewhere.")]
    private static partial void LogStopped(ILogger log, int unsettled);

    [LoggerMessage(EventId = 44, Level = LogLevel.Warning, Message = "The broker takes no messages: {Reason}. Jobs run on; {Unsettled} messages and all that follow wait for the end of its alarm.")]
    private static partial void LogBlocked(ILogger log, string? reason, int unsettled);

    [LoggerMessage(EventId = 45, Level = LogLevel.Information, Message = "The broker takes messages again: what has waited is sent")]
    private static partial void LogUnblocked(ILogger log);
}
