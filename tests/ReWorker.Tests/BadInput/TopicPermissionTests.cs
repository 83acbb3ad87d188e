using System.Text.Json.Nodes;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>A message that the user has no permission to publish is given up and delays no other message.</summary>
public sealed class TopicPermissionTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task Message_UserLacksTopicPermission_IsGivenUpAlone()
    {
        await using var session = await Bus.OpenAsync();
        await using var user = await OtherUser.AddAsync(Bus);
        await Bus.RunRabbitmqctlAsync(
            "set_topic_permissions", user.Name, "re", @"^(output|worker\..*|notify\.irc)$", ".*");
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            if (job.Group is "sends") await job.SendAsync("elsewhere", new JsonObject(), cancel: cancel);
            return null;
        }, user.Setting);

        var sending = await session.RunAsync(worker.Name, """{"group":"sends"}""", Cancel);
        var notifying = await session.RunAsync(
            worker.Name, """{"notify":{"started":{"secret":["x"],"irc":["#ops"]}}}""", Cancel);
        var other = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("failed", sending[^1].Status);
        Assert.Contains("topic 'elsewhere'", sending[^1].Data.GetString(), StringComparison.Ordinal);
        Assert.Equal("completed", notifying[^1].Status);
        Assert.Equal("completed", other[^1].Status);
        Assert.Equal(2, worker.Logs.WithId(LogId.MessageGivenUp).Count);
    }
}
