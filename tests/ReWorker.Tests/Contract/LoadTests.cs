using System.Globalization;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>
/// Applies every rule to every message of many jobs between two different clients. REWORKER_CONTRACT_JOBS sets the
/// number of jobs; the default is 500.
/// </summary>
public sealed class LoadTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly int Jobs = int.Parse(
        Environment.GetEnvironmentVariable("REWORKER_CONTRACT_JOBS") ?? "500", CultureInfo.InvariantCulture);

    [Fact, Contract("Load / every check on every message")]
    public async Task Jobs_OfEveryKind_KeepTheContract()
    {
        await using var worker = await StartAsync(job =>
        {
            var number = job.Parameters.GetProperty("number").GetInt32();
            for (var i = 0; i < number % 4; i++) job.Output.LogInformation("{Line} of {Number}", i, number);
            if (number % 10 == 3) throw new InvalidOperationException($"no {number}");
            return number % 2 == 0 ? null : number;
        });
        await using var session = await Bus.OpenAsync();

        var jobs = new Dictionary<string, List<ReceivedMessage>>();
        var numbers = new Dictionary<string, int>();
        var ended = 0;
        for (var sent = 0; ended < Jobs;)
        {
            // a busy FSM has about this many jobs in flight
            while (sent < Jobs && sent - ended < 200)
            {
                var body = $$$"""{"parameters":{"number":{{{sent}}} },"notify":{"failed":{"irc":["#ops"]} } }""";
                var id = session.Send(worker.Name, body);
                jobs[id] = [];
                numbers[id] = sent++;
            }
            var message = await session.NextAsync(Cancel);
            jobs[message.Property("correlation_id")!].Add(message);
            if (message.IsTerminal) ended++;
        }
        var left = await worker.StopAndCountAsync();

        // after a loss, messages may come twice
        Assert.Empty(worker.Logs.WithId(LogId.ConnectionLost).Select(record => record.Message));
        Assert.Empty(await session.DrainAsync());
        foreach (var (id, messages) in jobs) Check(messages, id, numbers[id]);
        Assert.Equal(0, left);
        Assert.Equal(0, (await Bus.CountAsync(worker.DeadQueue)).Messages);
    }

    private static void Check(List<ReceivedMessage> messages, string id, int number)
    {
        Rules.CheckJob(messages, id);
        Assert.Equal(
            Enumerable.Range(0, number % 4).Select(i => $"{i} of {number}"),
            messages.Where(message => message.IsOutput).Select(message => message.Line));
        Assert.Equal(number % 10 == 3 ? 1 : 0, messages.Count(message => message.Key == "notify.irc"));
        var reply = (number % 10 == 3, number % 2 == 0) switch
        {
            (true, _) => $$"""{"status":"failed","data":"no {{number}}"}""",
            (_, true) => """{"status":"completed"}""",
            _ => $$"""{"status":"completed","data":{{number}}}""",
        };
        Assert.Equal(reply, messages[^1].Body);
    }
}
