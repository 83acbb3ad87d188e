using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ReWorker.Bench.Load;

namespace ReWorker.Bench.Workers;

/// <summary>The same contract with MassTransit: raw JSON, each send awaited until confirmed, then the ack.</summary>
internal static class OnMassTransit
{
    public static async Task RunAsync(Uri broker, string queue, int concurrency, int prefetch, CancellationToken stop)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMassTransit(bus =>
        {
            bus.AddConsumer<JobConsumer>();
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(broker, host => host.PublisherConfirmation = true);
                rabbit.ConfigureJsonSerializerOptions(json =>
                {
                    json.WriteIndented = false;
                    return json;
                });
                rabbit.UseRawJsonSerializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                rabbit.ReceiveEndpoint(queue, endpoint =>
                {
                    endpoint.ConfigureConsumeTopology = false;
                    endpoint.PrefetchCount = prefetch;
                    endpoint.ConcurrentMessageLimit = concurrency;
                    foreach (var (key, value) in Queues.Arguments(queue)) endpoint.SetQueueArgument(key, value);
                    endpoint.UseRawJsonDeserializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                    endpoint.ConfigureConsumer<JobConsumer>(context);
                });
            });
        });
        await builder.Build().RunAsync(stop);
    }

    internal sealed class JobConsumer : IConsumer<PeerJob>
    {
        private static readonly Uri Replies = new("exchange:amq.rabbitmq.reply-to");
        private static readonly Uri Output = new("exchange:re?type=topic");

        public async Task Consume(ConsumeContext<PeerJob> context)
        {
            var job = context.Message;
            if (!job.Dynamic.ContainsKey("environment"))
                throw new InvalidOperationException("the job lacks 'environment'");
            var replies = await context.GetSendEndpoint(Replies);
            await replies.Send(new PeerStatus("started"), message => SetProperties(message, context));
            if (job.Parameters.Lines > 0)
            {
                var output = await context.GetSendEndpoint(Output);
                for (var line = 0; line < job.Parameters.Lines; line++)
                {
                    await output.Send(new PeerLine($"Frobbing {job.Parameters.Service} on host {line}"), message =>
                    {
                        SetProperties(message, context);
                        message.SetRoutingKey("output");
                    });
                }
            }
            await replies.Send(new PeerStatus("completed"), message => SetProperties(message, context));
        }

        private static void SetProperties(SendContext message, ConsumeContext job)
        {
            message.CorrelationId = job.CorrelationId;
            message.Durable = true;
        }
    }
}
