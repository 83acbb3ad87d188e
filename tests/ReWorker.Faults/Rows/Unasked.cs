using System.Globalization;
using System.Net;
using System.Text;
using RabbitMQ.Client;

namespace ReWorker.Faults.Rows;

/// <summary>The client itself tries the first address of a name, and no other.</summary>
internal sealed class NameOfSeveral() : Fault("name-of-several", "the host name has three addresses, as a cluster's may; nothing listens at one, and another is silent")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.EveryAddress];

    public override async Task RunAsync(Bench bench)
    {
        var hosts = Path.GetTempFileName();
        bench.Undo(() => { File.Delete(hosts); return Task.CompletedTask; });
        await File.WriteAllTextAsync(hosts, "127.0.0.1 broker.example.test\n127.0.0.2 broker.example.test\n127.0.0.3 broker.example.test\n");
        await using var second = new Proxy(bench.Broker.Nodes, IPAddress.Parse("127.0.0.2"));
        using var silent = new SilentAddress(new IPEndPoint(IPAddress.Parse("127.0.0.3"), second.Port));
        bench.Requester.Start();
        bench.StartWorker(
            start => OwnMounts.Hosts(start, hosts, bench.Program),
            Set("Broker:Server", "broker.example.test"), Set("Broker:Port", second.Port.ToString(CultureInfo.InvariantCulture)));
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.SendManyAsync(10, seconds: 0.3);
        second.Reset();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class DeadQueueDeleted() : Fault("dead-queue-deleted", "somebody deletes the queue of the parked jobs; then a body that is not JSON")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.FreshTopology];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Broker.ControlAsync("delete_queue", "-p", bench.VHost, Bench.DeadQueue);
        var job = await bench.SendRawAsync("not json"u8.ToArray(), one => (one.Expected, one.Starts, one.Runs, one.IsParked) = ("failed", false, 0, true));
        await bench.UntilSaidAsync("can't be parked", TimeSpan.FromSeconds(15));
        bench.Over();
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(90));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}

internal sealed class ExchangeMadeAnew() : Fault("exchange-made-anew", "the exchange re is deleted and declared again, its bindings gone; then a job through it, the worker idle")
{
    public override bool IsQuick => false;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.FreshTopology];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.Requester.OnChannelAsync(async channel =>
        {
            await channel.ExchangeDeleteAsync("re");
            await channel.ExchangeDeclareAsync("re", ExchangeType.Topic, durable: true);
        });
        bench.Over();
        // refused as unroutable until the binding is there again
        var send = bench.SendRawAsync("{}"u8.ToArray(), exchange: "re");
        await Bench.UntilAsync("routed again", TimeSpan.FromSeconds(90), () => Task.FromResult(send.IsCompleted));
        await Bench.CompletedAsync(await send, TimeSpan.FromSeconds(10));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}

internal sealed class ReplyQueueFull() : Fault("reply-queue-full", "the requester's queue takes one message and refuses the rest; 5 s later it is read; other jobs meanwhile")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Refused];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var arguments = new Dictionary<string, object?> { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" };
        await bench.Requester.OnChannelAsync(channel => channel.QueueDeclareAsync("full", durable: true, exclusive: false, autoDelete: false, arguments));
        await bench.SendRawAsync("{}"u8.ToArray(), job => job.Expected = null, replyTo: "full");
        foreach (var job in await bench.SendManyAsync(10)) await Bench.CompletedAsync(job, TimeSpan.FromSeconds(10));
        await Task.Delay(5000);
        await bench.SettledAsync(running: 1);
        bench.Over();
        await bench.Requester.OnChannelAsync(async channel =>
        {
            var heard = new List<string>();
            await Bench.UntilAsync("answered", TimeSpan.FromSeconds(10), async () =>
            {
                if (await channel.BasicGetAsync("full", autoAck: true) is { } reply) heard.Add(Encoding.UTF8.GetString(reply.Body.Span));
                return heard.Count == 2;
            });
            Bench.Check(heard is ["""{"status":"started"}""", """{"status":"completed"}"""], string.Join(", ", heard));
        });
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}
