using RabbitMQ.Client;
using ReWorker.Tools.CommandLine;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>What a parked job says about itself, and what it takes along when it is published again.</summary>
public sealed class DeadJobTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly object Deaths = new List<object?>
    {
        Death(
            ("reason", "expired"), ("queue", "q1"), ("count", 3L),
            ("time", new AmqpTimestamp(Time.ToUnixTimeSeconds()))),
        Death(("reason", "rejected"), ("queue", "q2"), ("count", 9L)),
    };

    /// <summary>Everything that a parked job can have.</summary>
    private static DeadJob Full() => Parked.Job(4, "c", Edit,
        ("x-delivery-count", 2L), ("x-acquired-count", 3L), ("x-dotnet-pub-seq-no", Parked.Bytes("1")), ("CC", "x"),
        ("BCC", "y"), ("x-reworker-reason", Parked.Bytes("why")), ("x-reworker-parked-at", Parked.Bytes($"{Time:O}")),
        ("x-reworker-attempts", 3), ("x-death", Deaths), ("x-first-death-queue", "q"), ("x-last-death-queue", "q"),
        ("traceparent", "t"), ("own", "kept"));

    [Fact]
    public void Properties_ParkedByTheRuntime_ComeFromItsHeaders()
    {
        var job = Full();

        Assert.Equal(("why", "2026-01-02 03:04:05Z", "3"), (job.Reason, job.ParkedAt, job.Attempts));
        Assert.Equal((2, "c", 4), (job.Reads, job.CorrelationId, job.Number));
    }

    [Fact]
    public void Properties_DeadLetteredByTheBroker_ComeFromTheLatestDeath()
    {
        var job = Parked.Job(headers: ("x-death", Deaths));

        Assert.Equal("dead-lettered by the broker: expired in q1", job.Reason);
        Assert.Equal(("2026-01-02 03:04:05Z", "3"), (job.ParkedAt, job.Attempts));
    }

    [Fact]
    public void Properties_NoHeaders_AreUnknown()
    {
        var job = Parked.Job(correlationId: null);

        Assert.Equal("unknown: the message does not say", job.Reason);
        Assert.Equal(("?", "?", 0), (job.ParkedAt, job.Attempts, job.Reads));
        Assert.Equal("(no correlation id)", job.CorrelationId);
    }

    [Fact]
    public void Properties_ForeignHeaders_AreToleratedAndShown()
    {
        var job = Parked.Job(
            headers: [("x-reworker-parked-at", "soon"), ("x-delivery-count", "many"), ("x-death", "text")]);

        Assert.Equal(("?", "?", 0), (job.ParkedAt, job.Attempts, job.Reads));
        Assert.Equal("unknown: the message does not say", job.Reason);
    }

    [Fact]
    public void Id_SameJobReadAgain_StaysTheSame()
    {
        var first = Parked.Job(1);
        var second = Parked.Job(9, "job", null, ("x-delivery-count", 2L), ("other", "header"));

        Assert.Equal(first.Id, second.Id);
        Assert.Matches("^[0-9a-f]{8}$", first.Id);
    }

    [Fact]
    public void Id_AnotherJob_Differs()
    {
        string[] ids =
        [
            Parked.Job().Id, Parked.Job(correlationId: "other").Id, Parked.Job(correlationId: null).Id,
            Parked.Job(edit: properties => properties.MessageId = "other").Id,
            Parked.Job(edit: properties => properties.ReplyTo = "other").Id,
            Parked.Job(headers: ("x-reworker-parked-at", "other")).Id,
            new DeadJob(1, new BasicGetResult(
                1, false, "", "", 0, Parked.Message(1).BasicProperties, "[]"u8.ToArray())).Id,
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void ToReplay_ParkedJob_HasNoHistoryAndANewId()
    {
        var job = Full();

        var properties = job.ToReplay();

        Assert.Equal(["own", "traceparent"], properties.Headers!.Keys.Order(StringComparer.Ordinal));
        Assert.Matches($"^replay:{job.Id}[0-9a-f]{{24}}$", properties.MessageId);
        Assert.Equal(properties.MessageId, Full().ToReplay().MessageId);
        AssertCopied(properties);
    }

    [Fact]
    public void ToRepark_ParkedJob_KeepsItsHistoryAndId()
    {
        var properties = Full().ToRepark();

        Assert.Equal(
            [
                "own", "traceparent", "x-death", "x-first-death-queue", "x-last-death-queue", "x-reworker-attempts",
                "x-reworker-parked-at", "x-reworker-reason",
            ],
            properties.Headers!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("m", properties.MessageId);
        AssertCopied(properties);
    }

    [Theory]
    [InlineData(null, "")]
    [InlineData(7L, "7")]
    [InlineData(1.5, "1.5")]
    [InlineData("text", "text")]
    public void Format_Scalar_IsText(object? value, string expected) =>
        Assert.Equal(expected, DeadHeaders.Format(value));

    [Fact]
    public void Format_NestedHeader_ShowsAllOfIt()
    {
        object value = new List<object?>
        {
            Death(("a", Parked.Bytes("é")), ("t", new AmqpTimestamp(Time.ToUnixTimeSeconds()))), true, null,
        };

        Assert.Equal("[{a: é, t: 2026-01-02 03:04:05Z}, True, ]", DeadHeaders.Format(value));
    }

    /// <summary>The broker would reject another user's name, and would drop an expired job.</summary>
    private static void AssertCopied(BasicProperties properties)
    {
        Assert.Equal(
            ("c", "reply", "app", DeliveryModes.Persistent),
            (properties.CorrelationId, properties.ReplyTo, properties.AppId, properties.DeliveryMode));
        Assert.False(properties.IsUserIdPresent());
        Assert.False(properties.IsExpirationPresent());
    }

    private static void Edit(BasicProperties properties)
    {
        properties.UserId = "guest";
        properties.Expiration = "1";
        properties.DeliveryMode = DeliveryModes.Transient;
    }

    private static Dictionary<string, object?> Death(params (string Key, object? Value)[] values) =>
        values.ToDictionary(value => value.Key, value => value.Value);
}
