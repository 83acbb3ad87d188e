using RabbitMQ.Client;

namespace ReWorker.Faults.Rows;

internal sealed class QueueDeletedIdle() : Fault("queue-deleted-idle", "rabbitmqctl delete_queue")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.ConsumerCancel, Mutants.FlowProbe];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Broker.ControlAsync("delete_queue", "-p", bench.VHost, Bench.Queue);
        bench.Over();
        await bench.UntilSaidAsync("the broker cancelled the consumer", TimeSpan.FromSeconds(5));
        await Bench.UntilAsync("declared again", TimeSpan.FromSeconds(10), async () => (await bench.QueueAsync(Bench.Queue)).Consumers == 1);
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class QueueDeletedDuringAJob() : Fault("queue-deleted-during-job", "rabbitmqctl delete_queue under a 4 s job")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.ConsumerCancel, Mutants.FlowProbe];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 4);
        await Bench.StartedAsync(job, TimeSpan.FromSeconds(15));
        await bench.Broker.ControlAsync("delete_queue", "-p", bench.VHost, Bench.Queue);
        bench.Over();
        await Bench.UntilAsync("declared again", TimeSpan.FromSeconds(10), async () => (await bench.QueueAsync(Bench.Queue)).Consumers == 1);
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class QueueDeletedNoRight() : Fault("queue-deleted-no-right", "the same, the user without the right to configure; 6 s later somebody makes it")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Broker.ControlAsync("set_permissions", "-p", bench.VHost, bench.User, "^$", ".*", ".*");
        await bench.Broker.ControlAsync("delete_queue", "-p", bench.VHost, Bench.Queue);
        await bench.UntilSaidAsync("can't be declared", TimeSpan.FromSeconds(30));
        await bench.UnreadyAsync("ready, with no queue");
        await Task.Delay(3000);
        await bench.Requester.OnChannelAsync(channel => channel.QueueDeclareAsync(Bench.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class OtherArguments() : Fault("other-arguments", "the queue is there as a classic one with x-max-length, the exchange re as fanout")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Tolerance];

    public override async Task RunAsync(Bench bench)
    {
        bench.Requester.HearsOutput = false;
        bench.Requester.Start();
        await bench.Requester.OnChannelAsync(async channel =>
        {
            await channel.ExchangeDeclareAsync("re", ExchangeType.Fanout, durable: true);
            await channel.QueueDeclareAsync(Bench.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "classic", ["x-max-length"] = 1000 });
        });
        await bench.WarmUpAsync();
        await bench.SendManyAsync(20, seconds: 0.3);
        bench.Proxy.Reset();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(bench.Worker.Count("was made with other properties") == 2, $"{bench.Worker.Count("was made with other properties")} warnings, for one exchange and one queue");
    }
}

internal sealed class HeldExclusively() : Fault("held-exclusively", "another connection holds the queue exclusively for 5 s")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        bench.Requester.Start();
        var holder = await bench.ConnectAsync();
        var channel = await holder.CreateChannelAsync();
        await channel.QueueDeclareAsync(Bench.Queue, durable: false, exclusive: true, autoDelete: true);
        bench.StartWorker();
        await bench.UntilSaidAsync("held exclusively", TimeSpan.FromSeconds(30));
        await bench.UnreadyAsync("ready, without the queue");
        await Task.Delay(5000);
        Bench.Check(bench.Worker.Count("Could not connect") <= 10, $"{bench.Worker.Count("Could not connect")} tries in so short a time");
        await holder.CloseAsync();
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class ConsumerTimeout43() : Fault("consumer-timeout-4.3", "policy consumer-timeout of 5 s on quorum queues without the worker's own; a 75 s job, then more")
{
    public override bool IsQuick => false;

    // the worker's own argument comes first, and would keep the policy away
    public override IReadOnlyList<Mutant> Lacks => [Mutants.ConsumerTimeout];

    public override IReadOnlyList<Mutant> Remedy => [Mutants.ConsumerCancel, Mutants.FlowProbe];

    public override async Task RunAsync(Bench bench)
    {
        await bench.Broker.ControlAsync("set_policy", "-p", bench.VHost, "timeout", "^worker", """{"consumer-timeout":5000}""", "--apply-to", "queues");
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 75);
        await bench.UntilSaidAsync("the broker cancelled the consumer", TimeSpan.FromSeconds(70));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.SendManyAsync(10);
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(90));
        await bench.CleanAsync(TimeSpan.FromSeconds(30));
    }
}

/// <summary>The consumer that the broker counts and never serves: only the queue's length tells.</summary>
internal sealed class PhantomConsumer() : Fault("phantom-consumer", "the same, the worker deaf to the cancel and its late ack taken: the broker counts a consumer and serves none; not ready within 15 s, and back")
{
    public override bool IsQuick => false;

    // busy with the one job, it sees nothing odd in the queue before the late ack
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:Concurrency", "1"), Set("Worker:Prefetch", "1")];

    public override IReadOnlyList<Mutant> Lacks => [Mutants.ConsumerTimeout, Mutants.ConsumerCancel];

    public override IReadOnlyList<Mutant> Remedy => [Mutants.FlowProbe];

    public override async Task RunAsync(Bench bench)
    {
        await bench.Broker.ControlAsync("set_policy", "-p", bench.VHost, "timeout", "^worker", """{"consumer-timeout":5000}""", "--apply-to", "queues");
        await bench.WarmUpAsync();
        var held = await bench.SendAsync(seconds: 75);
        await Bench.StartedAsync(held, TimeSpan.FromSeconds(15));
        await Bench.UntilAsync("cancelled by the broker", TimeSpan.FromSeconds(72), async () => (await bench.QueueAsync(Bench.Queue)).Unacked == 0, TimeSpan.FromSeconds(1));
        await Bench.CompletedAsync(held, TimeSpan.FromSeconds(80));
        await bench.SendManyAsync(5);
        await bench.NotReadyAsync(TimeSpan.FromSeconds(15));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(30));
    }
}

internal sealed class NeverServed() : Fault("never-served", "another holds the queue's single active place and its first job: the worker's consumer, new, is counted and never served; not ready within 15 s, asks anew within 135 s, and works when the other goes")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Unserved];

    public override async Task RunAsync(Bench bench)
    {
        bench.Requester.Start();
        await bench.Requester.OnChannelAsync(channel => channel.QueueDeclareAsync(
            Bench.Queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-single-active-consumer"] = true }));
        var other = await bench.ConnectAsync();
        var channel = await other.CreateChannelAsync();
        await channel.BasicQosAsync(0, 1, global: false);
        await channel.BasicConsumeAsync(Bench.Queue, autoAck: false, new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel));
        await bench.SendManyAsync(4);
        bench.StartWorker();
        await bench.UntilSaidAsync("Consuming from", TimeSpan.FromSeconds(15));
        await bench.NotReadyAsync(TimeSpan.FromSeconds(15));
        await bench.UntilSaidAsync("3 jobs wait and none is delivered", TimeSpan.FromSeconds(135));
        bench.Over();
        await other.CloseAsync();
        await bench.RecoverAsync(TimeSpan.FromSeconds(20));
        await bench.CleanAsync(TimeSpan.FromSeconds(20));
    }
}

internal sealed class LostAck() : Fault("ack-lost", "prefetch 1, and the worker never writes its fifth ack: the broker waits, the worker too; not ready within 15 s, and back")
{
    public override On On => On.Every;

    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:Concurrency", "1"), Set("Worker:Prefetch", "1")];

    public override IReadOnlyList<Mutant> Lacks => [Mutants.LosesAnAck];

    public override IReadOnlyList<Mutant> Remedy => [Mutants.FlowProbe];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        for (var job = 2; job <= 5; job++) await Bench.CompletedAsync(await bench.SendAsync(), TimeSpan.FromSeconds(10));
        await bench.SendAsync();
        await bench.NotReadyAsync(TimeSpan.FromSeconds(15));
        Bench.Check((await bench.QueueAsync(Bench.Queue)).Consumers == 1, "the broker counts no consumer");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class ConsumerTimeoutAvoided() : Fault("consumer-timeout-avoided", "the policy again, and the worker's own consumer timeout in the consume: a 70 s job")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.ConsumerTimeout];

    public override async Task RunAsync(Bench bench)
    {
        await bench.Broker.ControlAsync("set_policy", "-p", bench.VHost, "timeout", "^worker", """{"consumer-timeout":5000}""", "--apply-to", "queues");
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 70);
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(80));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}

internal sealed class ConsumerTimeoutOld() : Fault("consumer-timeout-406", "application:set_env(rabbit, consumer_timeout, 5000), a 75 s job: the broker closes the channel with 406")
{
    public override bool IsAlone => true;

    public override On On => On.V40 | On.V310;

    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Adoption];

    public override async Task RunAsync(Bench bench)
    {
        await bench.Broker.EvalAsync("application:set_env(rabbit, consumer_timeout, 5000).");
        bench.Undo(() => bench.Broker.EvalAsync("application:set_env(rabbit, consumer_timeout, 1800000)."));
        await bench.WarmUpAsync();
        var job = await bench.SendAsync(seconds: 75);
        await bench.UntilSaidAsync("(406, closed by the broker)", TimeSpan.FromSeconds(75));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(90));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class NoRightOnDefaultExchange() : Fault("no-right-on-default-exchange", "set_permissions worker .* ^(re|worker.*)$ .* and close: replies are refused; 6 s later the grant is there")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.Resend];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Broker.ControlAsync("set_permissions", "-p", bench.VHost, bench.User, ".*", "^(re|worker.*)$", ".*");
        // a channel that is open may go by the right that it had
        await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");
        var job = await bench.SendAsync(seconds: 1);
        await bench.UntilSaidAsync("amq.default", TimeSpan.FromSeconds(30));
        await Task.Delay(4000);
        await bench.Broker.ControlAsync("set_permissions", "-p", bench.VHost, bench.User, ".*", ".*", ".*");
        bench.Over();
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(20));
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class ReplyQueueGone() : Fault("reply-queue-gone", "a requester whose queue is deleted under its job")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Mandatory];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Requester.OnChannelAsync(channel => channel.QueueDeclareAsync("gone", durable: true, exclusive: false, autoDelete: false));
        var body = """{"parameters":{"do":"sleep","seconds":5}}"""u8.ToArray();
        await bench.SendRawAsync(body, job => job.Expected = null, replyTo: "gone");
        await bench.Requester.OnChannelAsync(async channel =>
        {
            await Bench.UntilAsync("started", TimeSpan.FromSeconds(10), async () => (await channel.QueueDeclarePassiveAsync("gone")).MessageCount == 1);
            await channel.QueueDeleteAsync("gone");
        });
        await Task.Delay(5500);
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(await bench.Worker.MetricAsync("reworker_publish_unroutable_total", "kind=\"status\"") == 1, "the unroutable reply was not counted");
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}

internal sealed class ReplyRules() : Fault("reply-to-rules", "reply_to absent, empty, 255 bytes, the worker's own queue, worker.x, amq.rabbitmq.reply-to.x, emoji")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.ReplyRules];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Requester.OnChannelAsync(channel => channel.QueueDeclareAsync("worker.other", durable: true, exclusive: false, autoDelete: false));
        var body = """{"parameters":{"do":"sleep"}}"""u8.ToArray();
        foreach (var replyTo in new[] { "", new string('r', 255), Bench.Queue, "worker.other", "amq.rabbitmq.reply-to.g1h2.none", "amq.gen-none", "\U0001F4A5" })
            await bench.SendRawAsync(body, job => job.Expected = null, replyTo);
        await bench.SendRawAsync(body, job => job.Expected = null, craft: properties => properties.ClearReplyTo());
        bench.Over();
        // 4.0 and older fail over a direct reply-to that they cannot read, and close the connection, time and again: the message is found out and given up
        await bench.RecoverAsync(TimeSpan.FromSeconds(bench.Broker.Kind is On.V43 ? 20 : 40));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check((await bench.QueueAsync("worker.other")).Ready == 0, "another worker was fed with replies");
        Bench.Check(bench.Broker.Kind is not On.V43 || await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
        Bench.Check(await bench.Worker.MetricAsync("reworker_deliveries_total", "fresh") <= bench.Jobs, "the worker fed itself");
    }
}

internal sealed class DirectReplyTo() : Fault("direct-reply-to-gone", "a requester on amq.rabbitmq.reply-to disconnects under its job")
{
    public override On On => On.Every;

    public override string NoRemedy => "the broker drops such a reply and confirms it";

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await using (var connection = await bench.ConnectAsync())
        {
            var channel = await connection.CreateChannelAsync();
            var heard = new TaskCompletionSource();
            var consumer = new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, _) => { heard.TrySetResult(); return Task.CompletedTask; };
            await channel.BasicConsumeAsync("amq.rabbitmq.reply-to", autoAck: true, consumer);
            await channel.BasicPublishAsync("", Bench.Queue, mandatory: true, new BasicProperties { CorrelationId = "direct", ReplyTo = "amq.rabbitmq.reply-to" }, """{"parameters":{"seconds":2}}"""u8.ToArray());
            await heard.Task.WaitAsync(TimeSpan.FromSeconds(5));
        }
        await Task.Delay(2500);
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}
