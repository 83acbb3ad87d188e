using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using ReWorker.Client;
using ReWorker.Hosting;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Output;
using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>docs/operating.md lists what the broker holds: queues, their arguments, bindings and consumers.</summary>
public sealed partial class BrokerObjectsTests(OutputBus bus) : ContractTest<OutputBus>(bus)
{
    private string? _worker;

    /// <summary>In a virtual host of its own: the broker lists nothing of other tests.</summary>
    [Fact]
    public async Task Broker_AfterAJob_HoldsWhatThePageLists()
    {
        await using var worker = await RunningWorker.StartAsync(Bus, host =>
        {
            host.Services.AddSingleton(new Frob((_, _, _) => Nothing));
            host.AddWorker<FrobWorker>();
            OutputWorker.Add(host);
        }, Cancel, ("OutputWorker:Directory", Path.GetTempPath()));
        _worker = worker.Name;
        await using var client = new JobClient(Bus.Amqp.AbsoluteUri);
        await client.RunAsync(new JobRequest { Queue = _worker, Timeout = TimeSpan.FromSeconds(30) }, Cancel);

        var queues = await ListAsync("list_queues", "name", "durable", "exclusive", "auto_delete", "arguments");
        var bindings = await ListAsync("list_bindings", "source_name", "destination_name", "routing_key");
        var exchanges = await ListAsync("list_exchanges", "name", "type", "durable", "auto_delete");
        var consumers = await ListAsync("list_consumers", "queue_name", "ack_required", "prefetch_count", "arguments");
        exchanges.RemoveAll(exchange => Text(exchange, "name") is "" or ['a', 'm', 'q', '.', ..]);

        Assert.Equal(
            Rows("name", 4),
            exchanges.Select(one => $"{Text(one, "name")} | {Text(one, "type")} exchange |  | ")
                .Concat(queues.Select(one => $"{Text(one, "name")} | queue | {Arguments(one)} | {Keys(one, bindings)}"))
                .Order(StringComparer.Ordinal));
        Assert.Equal(
            Rows("queue", 3),
            consumers.Select(one => $"{Text(one, "queue_name")} | {Text(one, "prefetch_count")} | {Arguments(one)}")
                .Order(StringComparer.Ordinal));
        Assert.All(
            [.. queues, .. exchanges],
            one => Assert.Equal(("True", "False"), (Text(one, "durable"), Text(one, "auto_delete"))));
        // for a quorum queue, some brokers say nothing
        Assert.All(queues, queue => Assert.NotEqual("True", Text(queue, "exclusive")));
        Assert.All(consumers, consumer => Assert.Equal("True", Text(consumer, "ack_required")));
        await Bus.DeleteAsync("worker.output", "worker.output.dead");
    }

    /// <summary>The rows of the table whose first column is so named, without formatting.</summary>
    private static IEnumerable<string> Rows(string first, int columns)
    {
        var section = OperatorsPage.Text.Split("## What the broker holds")[1].Split("\n## ")[0];
        var table = section.Split($"\n| {first} |")[1].Split("\n\n")[0];
        var rows =
            from line in table.Split('\n').Skip(2)
            let cells = line.Split('|').Skip(1).Take(columns).Select(cell => Plain(cell.Trim()))
            select string.Join(" | ", cells);
        return rows.Order(StringComparer.Ordinal);
    }

    // an argument is its name, its type and its value
    private string Arguments(JsonElement one) => string.Join(' ',
        from argument in one.GetProperty("arguments").EnumerateArray()
        select $"{argument[0]}={Generic($"{argument[2]}")}");

    private string Keys(JsonElement queue, List<JsonElement> bindings) => string.Join(' ',
        from binding in bindings
        where Text(binding, "source_name") == "re" && Text(binding, "destination_name") == Text(queue, "name")
        let key = Text(binding, "routing_key")
        orderby key.StartsWith("worker", StringComparison.Ordinal) descending, key descending
        select key);

    private string Text(JsonElement one, string property) => Generic($"{one.GetProperty(property)}");

    private string Generic(string text) =>
        Reply().Replace(text.Replace(_worker!, "QUEUE", StringComparison.Ordinal), "reply.ID");

    private static string Plain(string cell) => Code().Replace(cell, "$1");

    private async Task<List<JsonElement>> ListAsync(string command, params string[] columns)
    {
        var host = Bus.Amqp.AbsolutePath[1..];
        var json = await Bus.RunRabbitmqctlAsync(["-q", "--formatter", "json", command, "-p", host, .. columns]);
        return [.. JsonElement.Parse(json).EnumerateArray()];
    }

    [GeneratedRegex(@"^reply\..*")]
    private static partial Regex Reply();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex Code();
}
