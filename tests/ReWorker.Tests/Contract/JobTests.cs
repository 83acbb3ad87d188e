using System.Text;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What a job contains, and how the step reads it.</summary>
public sealed class JobTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Job / only what the FSM sets")]
    public async Task Job_WithOnlyTheFsmsProperties_IsRunAndAnswered()
    {
        Job? seen = null;
        await using var worker = await StartAsync(job =>
        {
            seen = job;
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("completed", messages[^1].Status);
        var properties = seen!.Properties;
        Assert.Equal(session.ReplyTo, properties.ReplyTo);
        Assert.False(properties.IsContentTypePresent());
        Assert.False(properties.IsMessageIdPresent());
        Assert.False(properties.Persistent);
        Assert.Equal(("re", worker.Queue), (seen.Delivery.Exchange, seen.Delivery.RoutingKey));
    }

    [Theory, Contract("Job / correlation_id")]
    [InlineData("2f4e-release")]
    [InlineData("../../etc/passwd")]
    [InlineData("a\r\nb\u001b[31m\0")]
    [InlineData("🚀 Grüße")]
    [InlineData("long")]
    public async Task CorrelationId_AnyText_IsEchoedInEveryMessage(string id)
    {
        if (id == "long") id = new string('x', 255);
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("a line");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, Encoding.UTF8.GetBytes(Fsm), session.Properties(id));
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal(5, messages.Count);
        Rules.CheckJob(messages, id);
    }

    [Fact, Contract("Job / body")]
    public async Task Body_Object_IsReadInFull()
    {
        Job? seen = null;
        await using var worker = await StartAsync(job =>
        {
            seen = job;
            return null;
        });
        await using var session = await Bus.OpenAsync();

        const string body =
            """
            {"group":"g","parameters":{"hosts":["a"],"more":{"x":[1]}},"dynamic":{"n":{"deep":true}},"later":1}
            """;
        await session.RunAsync(worker.Name, body, Cancel);

        Assert.Equal("g", seen!.Group);
        Assert.Equal("""{"hosts":["a"],"more":{"x":[1]}}""", seen.Parameters.GetRawText());
        Assert.Equal("""{"deep":true}""", seen.Dynamic["n"].GetRawText());
        Assert.Equal(1, seen.Body.GetProperty("later").GetInt32());
    }

    [Fact, Contract("Job / body")]
    public async Task Body_List_IsReadUnchanged()
    {
        await using var worker = await StartAsync(job => job.Body.GetArrayLength());
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, """[1,{"a":"b"},null]""", Cancel);

        Assert.Equal(3, messages[^1].Data.GetInt32());
    }

    [Fact, Contract("Job / parameters")]
    public async Task Parameters_FromTheFsm_IncludeUnknownKeys()
    {
        await using var worker = await StartAsync(job =>
        {
            var parameters = job.Parameters;
            var (command, subcommand) = (parameters.GetProperty("command"), parameters.GetProperty("subcommand"));
            return $"{command} {subcommand} {parameters.GetProperty("hosts")[0]} {parameters.GetProperty("service")}";
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal("frob Restart a.example.com frobd", messages[^1].Data.GetString());
    }

    [Fact, Contract("Job / dynamic")]
    public async Task Dynamic_DeclaredAndPresent_IsAvailable()
    {
        var frob = new Frob(
            (_, job, _) => Task.FromResult<object?>(job.Dynamic["environment"].GetString()), "environment");
        await using var worker = await RunningWorker.StartAsync(Bus, frob, Cancel);
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal("dev", messages[^1].Data.GetString());
    }

    [Fact, Contract("Job / notify")]
    public async Task Notify_TargetsOfEachPhase_AreInTheNotifications()
    {
        await using var worker = await StartAsync(_ => throw new InvalidOperationException("no"));
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, Fsm, Cancel);

        Assert.Equal(
            [
                ("notify.irc", "started", """["#ops"]"""),
                ("notify.irc", "failed", """["#ops"]"""),
                ("notify.email", "failed", """["ops@example.com"]"""),
            ],
            messages.Where(message => message.Exchange == "re").Select(message =>
            {
                var (phase, target) = (message.Json.GetProperty("phase"), message.Json.GetProperty("target"));
                return (message.Key, phase.GetString(), target.GetRawText());
            }));
    }
}
