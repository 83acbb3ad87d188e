namespace ReWorker.Publishing;

/// <summary>Asks whether an exchange exists. Publishing to a missing one would close the channel of all jobs.</summary>
internal sealed class ExchangeCheck(Epoch epoch, TimeSpan timeout, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, bool> _known = [];

    /// <summary>False if the broker does not answer: the connection is lost, or will be found to be.</summary>
    /// <exception cref="InvalidOperationException">The exchange does not exist, or the user may not see it.</exception>
    public async Task<bool> FindAsync(string exchange, CancellationToken cancel)
    {
        if (_known.ContainsKey(exchange)) return true;
        try
        {
            await Deadline.RunAsync(async token =>
            {
                // not on the connection that publishes: during an alarm the broker reads nothing there
                await using var channel = await epoch.ConsumeConnection.CreateChannelAsync(cancellationToken: token);
                await channel.ExchangeDeclarePassiveAsync(exchange, token);
            }, timeout, "asking for an exchange", time, cancel);
            _known.TryAdd(exchange, true);
            return true;
        }
        catch (OperationInterruptedException e)
            when (e.ShutdownReason is { ReplyCode: 403 or 404 } && !epoch.Ended.IsCancellationRequested)
        {
            var answer = e.ShutdownReason!;
            throw new InvalidOperationException(answer.ReplyCode is 404
                ? $"the exchange '{exchange}' does not exist on the broker"
                : $"the user may not see the exchange '{exchange}': {answer.ReplyText}", e);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested
            && (epoch.Ended.IsCancellationRequested
                || e is TimeoutException or OperationCanceledException or OperationInterruptedException or IOException))
        {
            return false;
        }
    }
}
