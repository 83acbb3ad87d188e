using System.Text.Json.Nodes;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>A user who may not publish under each routing key: what is refused is given up, and holds up nobody.</summary>
public sealed class TopicRightTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Message_UnderAKeyThatTheUserHasNoRightTo_IsGivenUpAlone()
    {
        await using var session = await Bus.OpenAsync();
        await using var others = await OtherUser.AddAsync(Bus);
        await Bus.RunRabbitmqctlAsync("set_topic_permissions", others.Name, "re", @"^(output|worker\..*|notify\.irc)$", ".*");
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            if (job.Group is "sends") await job.SendAsync("elsewhere", new JsonObject(), cancel: cancel);
            return null;
        }, others.Setting);

        var sends = await session.RunAsync(worker.Name, """{"group":"sends"}""", Cancel);
        var notifies = await session.RunAsync(worker.Name, """{"notify":{"started":{"secret":["x"],"irc":["#ops"]}}}""", Cancel);
        var neighbour = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(("failed", true), (sends[^1].Status, sends[^1].Data.GetString()!.Contains("topic 'elsewhere'", StringComparison.Ordinal)));
        Assert.Equal("completed", notifies[^1].Status);
        Assert.Equal("completed", neighbour[^1].Status);
        Assert.Equal(2, worker.Logs.WithId(71).Count);
    }
}
