using System.Globalization;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>
/// Many jobs between two different clients, every check on every message: 500 as a rule, or as many as
/// REWORKER_CONTRACT_JOBS says.
/// </summary>
public sealed class LoadTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly int Jobs = int.Parse(Environment.GetEnvironmentVariable("REWORKER_CONTRACT_JOBS") ?? "500", CultureInfo.InvariantCulture);

    [Fact, Contract("Load / every check on every message")]
    public async Task Jobs_OfEveryKind_KeepTheContractInEveryMessage()
    {
        await using var worker = await StartAsync(job =>
        {
            var number = job.Parameters.GetProperty("number").GetInt32();
            for (var i = 0; i < number % 4; i++) job.Output.LogInformation("{Line} of {Number}", i, number);
            return number % 10 == 3 ? throw new InvalidOperationException($"no {number}") : number % 2 == 0 ? null : number;
        });
        await using var session = await Bus.OpenAsync();

        var jobs = new Dictionary<string, List<ReceivedMessage>>();
        var numbers = new Dictionary<string, int>();
        var ended = 0;
        for (var sent = 0; ended < Jobs;)
        {
            // as many in flight as a busy FSM has
            while (sent < Jobs && sent - ended < 200)
            {
                var id = session.Send(worker.Name, $$$"""{"parameters":{"number":{{{sent}}} },"notify":{"failed":{"irc":["#ops"]} } }""");
                jobs[id] = [];
                numbers[id] = sent++;
            }
            var one = await session.NextAsync(Cancel);
            jobs[one.Property("correlation_id")!].Add(one);
            if (one.IsTerminal) ended++;
        }
        await worker.StopAsync();

        Assert.Empty(await session.DrainAsync());
        foreach (var (id, all) in jobs) Check(all, id, numbers[id]);
        Assert.Equal((0, 0), ((await Bus.CountAsync(worker.Queue)).Messages, (await Bus.CountAsync(worker.DeadQueue)).Messages));
    }

    private static void Check(List<ReceivedMessage> all, string id, int number)
    {
        Rules.CheckJob(all, id);
        Assert.Equal(Enumerable.Range(0, number % 4).Select(i => $"{i} of {number}"), all.Where(one => one.IsOutput).Select(one => one.Line));
        Assert.Equal(number % 10 == 3 ? 1 : 0, all.Count(one => one.Key == "notify.irc"));
        var data = number % 10 == 3 ? $",\"data\":\"no {number}\"" : number % 2 == 0 ? "" : $",\"data\":{number}";
        Assert.Equal("{\"status\":\"" + (number % 10 == 3 ? "failed" : "completed") + "\"" + data + "}", all[^1].Body);
    }
}
