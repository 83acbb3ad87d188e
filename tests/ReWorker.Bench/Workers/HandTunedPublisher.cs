using System.Threading.Channels;
using RabbitMQ.Client;

namespace ReWorker.Bench.Workers;

/// <summary>One writer on one channel, with a ring of the unconfirmed messages.</summary>
internal sealed class HandTunedPublisher
{
    private readonly Channel<Message> _queue = System.Threading.Channels.Channel.CreateUnbounded<Message>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly Message?[] _ring = new Message?[1024];
    private readonly Channel<bool> _room = System.Threading.Channels.Channel.CreateUnbounded<bool>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly IChannel _channel;
    private readonly HandTunedAcks _acks;
    private ulong _first = 1;
    private ulong _next = 1;

    public HandTunedPublisher(IChannel channel, HandTunedAcks acks)
    {
        (_channel, _acks) = (channel, acks);
        channel.BasicAcksAsync += (_, ack) => ConfirmedAsync(ack.DeliveryTag, ack.Multiple);
        channel.BasicNacksAsync += (_, _) => throw new InvalidOperationException("the broker nacked a message");
        channel.BasicReturnAsync += (_, returned) =>
            throw new InvalidOperationException($"a message to '{returned.RoutingKey}' could not be routed");
    }

    internal sealed record Message(
        HandTuned.Job Job, string Exchange, string Key, byte[] Body, string Id, string Trace);

    public void Enqueue(Message message) => _queue.Writer.TryWrite(message);

    public async Task RunAsync()
    {
        await foreach (var message in _queue.Reader.ReadAllAsync())
        {
            if (_next > 1024) await _room.Reader.ReadAsync();
            _ring[_next++ % 1024] = message;
            var properties = new BasicProperties
            {
                ContentType = "application/json",
                CorrelationId = message.Job.Properties.CorrelationId,
                AppId = "handtuned",
                MessageId = message.Id,
                Persistent = true,
                Timestamp = new AmqpTimestamp(DateTimeOffset.UtcNow.ToUnixTimeSeconds()),
                Headers = new Dictionary<string, object?> { ["traceparent"] = message.Trace },
            };
            await _channel.BasicPublishAsync(message.Exchange, message.Key, mandatory: true, properties, message.Body);
        }
    }

    private Task ConfirmedAsync(ulong number, bool multiple)
    {
        for (var sequence = multiple ? _first : number; sequence <= number; sequence++)
        {
            if (Interlocked.Exchange(ref _ring[sequence % 1024], null) is not { } message) continue;
            _acks.CountDown(message.Job);
            _room.Writer.TryWrite(true);
        }
        if (multiple) _first = number + 1;
        return Task.CompletedTask;
    }
}
