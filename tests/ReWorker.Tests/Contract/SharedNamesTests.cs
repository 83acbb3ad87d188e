using System.Text;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The names that workers and requesters in other languages know.</summary>
public sealed class SharedNamesTests
{
    [Fact]
    public void Names_OnTheBroker_AreTheContracts() => Assert.Equal(
        ("re", "", "output", "application/json", "worker.q", "worker.q.dead", "notify.irc"),
        (Names.Exchange, Names.DefaultExchange, Names.Output, Names.JsonContent, Names.Queue("q"),
            Names.DeadQueue(Names.Queue("q")), Names.Notification("irc")));

    [Fact]
    public void ChannelBytes_OfTheLongestChannel_FillTheRoutingKey() =>
        Assert.Equal(255, Encoding.UTF8.GetByteCount(Names.Notification(new string('c', Names.ChannelBytes))));

    [Theory]
    [InlineData("worker.q", true)]
    [InlineData("worker.", true)]
    [InlineData("workers", false)]
    [InlineData("WORKER.q", false)]
    [InlineData("my.worker.q", false)]
    [InlineData("", false)]
    public void IsWorkerQueue_Name_HasThePrefix(string queue, bool isWorkers) =>
        Assert.Equal(isWorkers, Names.IsWorkerQueue(queue));

    [Theory]
    [InlineData("notify.irc", "irc")]
    [InlineData("notify.a.b", "a.b")]
    [InlineData("notify.", "")]
    [InlineData("notify", null)]
    [InlineData("Notify.irc", null)]
    [InlineData("x.notify.irc", null)]
    [InlineData("output", null)]
    public void Channel_RoutingKey_IsWhatFollowsThePrefix(string key, string? channel) =>
        Assert.Equal(channel, Names.Channel(key));

    [Theory]
    [InlineData("started", Phase.Started)]
    [InlineData("completed", Phase.Completed)]
    [InlineData("failed", Phase.Failed)]
    [InlineData("Started", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Phase_Name_IsThatOfTheBodies(string? name, Phase? phase)
    {
        Assert.Equal(phase, PhaseNames.Parse(name));
        if (phase is { } known) Assert.Equal(name, PhaseNames.For(known));
    }

    [Fact]
    public void JobError_OfOneText_ShowsItToBoth()
    {
        Assert.Equal(new JobError("text", "text", Park: false), new JobError("text"));
        Assert.Equal(new JobError("text", "text", Park: true), new JobError("text", park: true));
    }

    [Fact]
    public void Headers_AndKeys_AreTheContracts()
    {
        string[] headers =
        [
            HeaderNames.DeliveryCount, HeaderNames.AcquiredCount, HeaderNames.Attempts, HeaderNames.DroppedHeaders,
            HeaderNames.Reason, HeaderNames.ParkedAt, HeaderNames.Queue,
        ];
        string[] keys =
        [
            BodyKeys.Group, BodyKeys.Parameters, BodyKeys.Dynamic, BodyKeys.Notify, BodyKeys.Status, BodyKeys.Data,
            BodyKeys.Message, BodyKeys.Slug, BodyKeys.Phase, BodyKeys.Target,
        ];

        Assert.Equal(
            "x-delivery-count x-acquired-count x-reworker-attempts x-reworker-dropped-headers x-reworker-reason " +
            "x-reworker-parked-at x-reworker-queue",
            string.Join(' ', headers));
        Assert.Equal(
            "group parameters dynamic notify status data message slug phase target", string.Join(' ', keys));
    }
}
