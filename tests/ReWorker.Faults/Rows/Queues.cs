using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>Somebody deletes, occupies or redefines a queue, or the broker stops delivering from it.</summary>
internal static class Queues
{
    public static Fault[] Rows { get; } =
    [
        new("queue-deleted-idle", "rabbitmqctl delete_queue; the worker is idle")
        {
            On = On.Every,
            Remedy = [Remedies.ConsumerCancel, Remedies.ConsumptionProbe],
            Inject = async bench =>
            {
                await bench.DeleteQueueAsync();
                bench.Over();
                await bench.UntilSaidAsync("the broker cancelled the consumer", within: 5);
                await DeclaredAgainAsync(bench);
            },
            CleanWithin = 5,
        },

        new("queue-deleted-during-job", "rabbitmqctl delete_queue during a 4 s job")
        {
            On = On.Every,
            Remedy = [Remedies.ConsumerCancel, Remedies.ConsumptionProbe],
            Inject = async bench =>
            {
                await bench.StartJobAsync(seconds: 4);
                await bench.DeleteQueueAsync();
                bench.Over();
                await DeclaredAgainAsync(bench);
            },
        },

        new(
            "queue-deleted-no-right",
            "delete_queue, and the user may not declare queues; somebody else declares it 3 s later")
        {
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                await bench.PermitAsync(configure: "^$");
                await bench.DeleteQueueAsync();
                await bench.UntilSaidAsync("cannot be declared", within: 30);
                await bench.UnreadyAsync("ready, with no queue");
                await Task.Delay(3000);
                await bench.DeclareQueueAsync(Queue, ("x-queue-type", "quorum"));
            },
            RecoversWithin = 15,
            CleanWithin = 5,
        },

        new(
            "other-arguments",
            "the queue already exists as a classic queue with x-max-length, the exchange re as fanout")
        {
            On = On.Every,
            Remedy = [Remedies.Tolerance],
            Before = async bench =>
            {
                bench.Requester.HearsOutput = false;
                bench.Requester.Start();
                await bench.Requester.OnChannelAsync(
                    channel => channel.ExchangeDeclareAsync("re", ExchangeType.Fanout, durable: true));
                await bench.DeclareQueueAsync(Queue, ("x-queue-type", "classic"), ("x-max-length", 1000));
            },
            Inject = async bench =>
            {
                await bench.SendManyAsync(20, seconds: 0.3);
                bench.Proxy.Reset();
                bench.Then(() => Warnings() == 2, () => $"{Warnings()} warnings, for one exchange and one queue");

                int Warnings() => bench.Worker.Count("already exists with different arguments");
            },
        },

        new("held-exclusively", "another connection holds the queue exclusively for 5 s")
        {
            Remedy = [Remedies.Reconnect],
            StartsWorker = false,
            Inject = async bench =>
            {
                var holder = await bench.ConnectAsync();
                var channel = await holder.CreateChannelAsync();
                await channel.QueueDeclareAsync(Queue, durable: false, exclusive: true, autoDelete: true);
                bench.StartWorker();
                await bench.UntilSaidAsync("exclusively", within: 30);
                await bench.UnreadyAsync("ready, without the queue");
                await Task.Delay(5000);
                bench.CheckTries(0, 10);
                await holder.CloseAsync();
            },
            ReadyWithin = 30,
            CleanWithin = 5,
        },

        new(
            "ack-lost",
            "prefetch 1, and the worker never writes its fifth acknowledgement: unready within 15 s, then recovers")
        {
            On = On.Every,
            Settings = { ["Worker:Concurrency"] = "1", ["Worker:Prefetch"] = "1" },
            Lacks = [Remedies.LosesAnAck],
            Remedy = [Remedies.ConsumptionProbe],
            Inject = async bench =>
            {
                for (var job = 2; job <= 5; job++) await CompletedAsync(await bench.SendAsync(), within: 10);
                await bench.SendAsync();
                await bench.NotReadyAsync(within: 15);
                Check((await bench.QueueAsync(Queue)).Consumers == 1, "the broker counts no consumer");
            },
            RecoversWithin = 15,
        },

        new(
            "consumer-timeout-4.3",
            "a policy with a consumer-timeout of 5 s; the worker asks for no timeout of its own; a 75 s job, then more")
        {
            IsQuick = false,
            // the worker's own argument takes precedence over the policy
            Lacks = [Remedies.ConsumerTimeout],
            Remedy = [Remedies.ConsumerCancel, Remedies.ConsumptionProbe],
            Before = BrokerFaults.LimitConsumersAsync,
            Inject = async bench =>
            {
                var job = await bench.SendAsync(seconds: 75);
                await bench.UntilSaidAsync("the broker cancelled the consumer", within: 70);
                await bench.RecoverAsync(within: 20);
                await bench.SendManyAsync(10);
                await CompletedAsync(job, within: 90);
            },
            CleanWithin = 30,
        },

        new(
            "consumer-timeout-avoided",
            "a policy with a consumer-timeout of 5 s; the worker asks for its own timeout; a 70 s job")
        {
            IsQuick = false,
            Remedy = [Remedies.ConsumerTimeout],
            Before = BrokerFaults.LimitConsumersAsync,
            Inject = async bench => await CompletedAsync(await bench.SendAsync(seconds: 70), within: 80),
            Reconnects = 0,
        },

        new(
            "consumer-timeout-406",
            "application:set_env(rabbit, consumer_timeout, 5000), a 75 s job: the broker closes the channel with 406")
        {
            IsAlone = true,
            On = On.V40 | On.V310,
            IsQuick = false,
            Remedy = [Remedies.Adoption],
            Before = async bench =>
            {
                await bench.Broker.EvalAsync("application:set_env(rabbit, consumer_timeout, 5000).");
                bench.Undo(() => bench.Broker.EvalAsync("application:set_env(rabbit, consumer_timeout, 1800000)."));
            },
            Inject = async bench =>
            {
                await bench.SendAsync(seconds: 75);
                await bench.UntilSaidAsync("(406, closed by the broker)", within: 75);
            },
            CleanWithin = 90,
        },

        // only the length of the queue gives such a consumer away
        new(
            "phantom-consumer",
            "a policy with a consumer-timeout of 5 s; the worker ignores the cancel and acknowledges late: the broker "
            + "counts a consumer and serves none; unready within 15 s, then recovers")
        {
            IsQuick = false,
            // busy with one job, the worker notices nothing until its late acknowledgement
            Settings = { ["Worker:Concurrency"] = "1", ["Worker:Prefetch"] = "1" },
            Lacks = [Remedies.ConsumerTimeout, Remedies.ConsumerCancel],
            Remedy = [Remedies.ConsumptionProbe],
            Before = BrokerFaults.LimitConsumersAsync,
            Inject = async bench =>
            {
                var held = await bench.StartJobAsync(seconds: 75);
                await UntilAsync(
                    "cancelled by the broker", 72,
                    async () => (await bench.QueueAsync(Queue)).Unacked == 0, TimeSpan.FromSeconds(1));
                await CompletedAsync(held, within: 80);
                await bench.SendManyAsync(5);
                await bench.NotReadyAsync(within: 15);
            },
            RecoversWithin = 20,
            CleanWithin = 30,
        },

        new(
            "never-served",
            "another consumer is the queue's single active one and holds a job: unready within 15 s, consumes anew "
            + "within 135 s, and recovers when the other leaves")
        {
            IsQuick = false,
            Remedy = [Remedies.Unserved],
            StartsWorker = false,
            Inject = async bench =>
            {
                await bench.DeclareQueueAsync(Queue, ("x-queue-type", "quorum"), ("x-single-active-consumer", true));
                var other = await bench.ConnectAsync();
                var channel = await other.CreateChannelAsync();
                await channel.BasicQosAsync(0, 1, global: false);
                await channel.BasicConsumeAsync(Queue, autoAck: false, new AsyncEventingBasicConsumer(channel));
                await bench.SendManyAsync(4);
                bench.StartWorker();
                await bench.UntilSaidAsync("Consuming from", within: 15);
                await bench.NotReadyAsync(within: 15);
                await bench.UntilSaidAsync("3 ready jobs, none is delivered", within: 135);
                bench.Over();
                await other.CloseAsync();
            },
            RecoversWithin = 20,
            CleanWithin = 20,
        },

        new("dead-queue-deleted", "delete_queue of the dead-letter queue; then a body that is not JSON")
        {
            IsQuick = false,
            Remedy = [Remedies.FreshTopology],
            Inject = async bench =>
            {
                await bench.DeleteQueueAsync(DeadQueue);
                var job = await bench.SendUnreadableAsync("not json"u8.ToArray());
                await bench.UntilSaidAsync("cannot be parked", within: 15);
                bench.Over();
                await CompletedAsync(job, within: 90);
            },
            CleanWithin = 5,
            Reconnects = 0,
        },

        new(
            "exchange-made-anew",
            "the exchange re is deleted and declared again, without its bindings, beside an idle worker; "
            + "then a job through the exchange")
        {
            IsQuick = false,
            Remedy = [Remedies.FreshTopology],
            Inject = async bench =>
            {
                await bench.Requester.OnChannelAsync(async channel =>
                {
                    await channel.ExchangeDeleteAsync("re");
                    await channel.ExchangeDeclareAsync("re", ExchangeType.Topic, durable: true);
                });
                bench.Over();
                // unroutable until the binding is there again
                var send = bench.SendRawAsync("{}"u8.ToArray(), exchange: "re");
                await UntilAsync("routed again", 90, () => send.IsCompleted);
                await CompletedAsync(await send, within: 10);
            },
            CleanWithin = 5,
            Reconnects = 0,
        },
    ];

    private static Task DeclaredAgainAsync(Bench bench) =>
        UntilAsync("declared again", 10, async () => (await bench.QueueAsync(Queue)).Consumers == 1);
}
