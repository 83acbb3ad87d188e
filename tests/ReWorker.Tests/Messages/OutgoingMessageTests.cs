using System.Text;
using System.Text.Json;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A job's notifications go to the channels that it lists under the phase, and to no others.</summary>
public sealed class OutgoingMessageTests
{
    private static readonly NotifyTargets Notify = Read(
        """{"failed":{"irc":["#ops","#dev"],"email":"ops@example.com"},"completed":{"irc":["#dev"]}}""");

    [Fact]
    public void Notifications_Phase_GoToItsChannels()
    {
        var messages = OutgoingMessage.Notifications(Notify, Phase.Failed, "slug", "text").ToList();

        Assert.Equal(["notify.irc", "notify.email"], messages.Select(message => message.RoutingKey));
        Assert.All(messages, message =>
            Assert.Equal((MessageKind.Notification, "re"), (message.Kind, message.Exchange)));
        Assert.Equal(
            [
                """{"slug":"slug","message":"text","phase":"failed","target":["#ops","#dev"]}""",
                """{"slug":"slug","message":"text","phase":"failed","target":["ops@example.com"]}""",
            ],
            messages.Select(message => Encoding.UTF8.GetString(message.Body)));
    }

    [Fact]
    public void Notifications_PhaseThatIsNotListed_AreNone() =>
        Assert.Empty(OutgoingMessage.Notifications(Notify, Phase.Started, "slug", "text"));

    [Fact]
    public void Notifications_AnotherExchange_GoThere() => Assert.All(
        OutgoingMessage.Notifications(Notify, Phase.Completed, "slug", "text", "other"),
        message => Assert.Equal("other", message.Exchange));

    private static NotifyTargets Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        Assert.Null(NotifyTargets.TryRead(document.RootElement, out var targets));
        return targets;
    }
}
