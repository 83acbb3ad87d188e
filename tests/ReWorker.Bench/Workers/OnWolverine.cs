using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Wolverine;
using Wolverine.RabbitMQ;
using Wolverine.RabbitMQ.Internal;

namespace ReWorker.Bench.Workers;

/// <summary>
/// The same contract with Wolverine: an inline listener, which acks after the handler and everything that it sent, and
/// inline senders with the client's own confirms. The reply queue is configured, not taken from the job.
/// </summary>
internal static class OnWolverine
{
    public static async Task RunAsync(
        Uri broker, string queue, string replyTo, int concurrency, int prefetch, CancellationToken stop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.UseWolverine(options =>
        {
            options.Discovery.DisableConventionalDiscovery().IncludeType(typeof(PeerJobHandler));
            options.Policies.DisableConventionalLocalRouting();
            options.UseRabbitMq(broker)
                .DisableDeadLetterQueueing()
                .DisableSystemRequestReplyQueueDeclaration()
                .ConfigureChannelCreation(channel =>
                {
                    channel.PublisherConfirmationsEnabled = true;
                    channel.PublisherConfirmationTrackingEnabled = true;
                });
            var mapper = new Mapper();
            options.ListenToRabbitQueue(queue).ExternallyOwned().DefaultIncomingMessage<PeerJob>().UseInterop(mapper)
                .ProcessInline().PreFetchCount((ushort)prefetch).ConsumerDispatchConcurrency((ushort)concurrency);
            options.PublishMessage<PeerStatus>().ToRabbitQueue(replyTo).UseInterop(mapper).SendInline();
            options.PublishMessage<PeerLine>().ToRabbitRoutingKey("re", "output").UseInterop(mapper).SendInline();
        });
        await builder.Build().RunAsync(stop);
    }

    /// <summary>Gives messages the contract's properties, without the framework's own headers.</summary>
    private sealed class Mapper : IRabbitMqEnvelopeMapper
    {
        public void MapEnvelopeToOutgoing(Envelope envelope, IBasicProperties outgoing)
        {
            outgoing.ContentType = "application/json";
            outgoing.CorrelationId = envelope.CorrelationId;
            outgoing.MessageId = envelope.Id.ToString();
            outgoing.AppId = "wolverine";
            outgoing.Timestamp = new AmqpTimestamp(envelope.SentAt.ToUnixTimeSeconds());
            outgoing.Persistent = true;
        }

        public void MapIncomingToEnvelope(Envelope envelope, IReadOnlyBasicProperties incoming)
        {
            envelope.Id = Guid.NewGuid();
            envelope.CorrelationId = incoming.CorrelationId;
            envelope.ContentType = "application/json";
            envelope.MessageType = typeof(PeerJob).FullName;
        }
    }
}

/// <summary>The framework generates the code that calls this class.</summary>
public static class PeerJobHandler
{
    public static async Task Handle(PeerJob job, IMessageContext context)
    {
        if (!job.Dynamic.ContainsKey("environment")) throw new InvalidOperationException("the job lacks 'environment'");
        await context.PublishAsync(new PeerStatus("started"));
        for (var line = 0; line < job.Parameters.Lines; line++)
            await context.PublishAsync(new PeerLine($"Frobbing {job.Parameters.Service} on host {line}"));
        await context.PublishAsync(new PeerStatus("completed"));
    }
}
