using System.Text;
using System.Text.Json;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What a job may hold, and what comes of it.</summary>
public sealed class JobTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Job / only what the FSM sets")]
    public async Task Job_WithTwoPropertiesAndNoMore_IsReadAndAnswered()
    {
        Job? seen = null;
        await using var worker = await StartAsync(job =>
        {
            seen = job;
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.True(all[^1].Status is "completed");
        var given = seen!.Properties;
        Assert.Equal((session.ReplyTo, false, false, false), (given.ReplyTo, given.IsContentTypePresent(), given.IsMessageIdPresent(), given.Persistent));
        Assert.Equal(("re", worker.Queue), (seen.Delivery.Exchange, seen.Delivery.RoutingKey));
    }

    [Theory, Contract("Job / correlation_id")]
    [InlineData("2f4e-release")]
    [InlineData("../../etc/passwd")]
    [InlineData("a\r\nb\u001b[31m\0")]
    [InlineData("🚀 Grüße")]
    [InlineData("long")]
    public async Task CorrelationId_OfAnyBytes_IsEchoedInEverything(string id)
    {
        if (id == "long") id = new string('x', 255);
        await using var worker = await StartAsync(job =>
        {
            job.Output.Log(Microsoft.Extensions.Logging.LogLevel.Information, default, "a line", null, (text, _) => text);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, Encoding.UTF8.GetBytes(Fsm), new() { ["correlation_id"] = id, ["reply_to"] = session.ReplyTo });
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal(5, all.Count);
        Rules.CheckJob(all, id);
    }

    [Fact, Contract("Job / body")]
    public async Task Body_AnObject_IsReadWithAllItsParts()
    {
        Job? seen = null;
        await using var worker = await StartAsync(job =>
        {
            seen = job;
            return null;
        });
        await using var session = await Bus.OpenAsync();

        await session.RunAsync(worker.Name, """{"group":"g","parameters":{"hosts":["a"],"more":{"x":[1]}},"dynamic":{"n":{"deep":true}},"later":1}""", Cancel);

        Assert.Equal("g", seen!.Group);
        Assert.Equal("""{"hosts":["a"],"more":{"x":[1]}}""", seen.Parameters.GetRawText());
        Assert.Equal("""{"deep":true}""", seen.Dynamic["n"].GetRawText());
        Assert.Equal(1, seen.Body.GetProperty("later").GetInt32());
    }

    [Fact, Contract("Job / body")]
    public async Task Body_AList_IsReadAsItIs()
    {
        await using var worker = await StartAsync(job => job.Body.GetArrayLength());
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, """[1,{"a":"b"},null]""", Cancel);

        Assert.Equal(3, all[^1].Data.GetInt32());
    }

    [Fact, Contract("Job / parameters")]
    public async Task Parameters_OfTheFsm_AreWithinReachAndUnknownKeysAreKept()
    {
        await using var worker = await StartAsync(job =>
            $"{job.Parameters.GetProperty("command")} {job.Parameters.GetProperty("subcommand")} {job.Parameters.GetProperty("hosts")[0]} {job.Parameters.GetProperty("service")}");
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal("frob Restart a.example.com frobd", all[^1].Data.GetString());
    }

    [Fact, Contract("Job / dynamic")]
    public async Task Dynamic_DeclaredAndGiven_IsWithinReach()
    {
        await using var worker = await RunningWorker.StartAsync(Bus, new Frob((_, job, _) => Task.FromResult<object?>(job.Dynamic["environment"].GetString()), "environment"), Cancel);
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal("dev", all[^1].Data.GetString());
    }

    [Fact, Contract("Job / notify")]
    public async Task Notify_TargetsOfEachPhase_ReachTheMessages()
    {
        await using var worker = await StartAsync(_ => throw new InvalidOperationException("no"));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal(
            ["""notify.irc started ["#ops"]""", """notify.irc failed ["#ops"]""", """notify.email failed ["ops@example.com"]"""],
            all.Where(one => one.Exchange == "re").Select(one => $"{one.Key} {one.Json.GetProperty("phase").GetString()} {one.Json.GetProperty("target").GetRawText()}"));
    }
}
