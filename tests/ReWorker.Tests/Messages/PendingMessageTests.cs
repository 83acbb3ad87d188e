using System.Text;
using RabbitMQ.Client;
using ReWorker.Publishing;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A message keeps its id and timestamp, however often it is sent; a copy keeps what the job had.</summary>
public sealed class PendingMessageTests
{
    private static readonly DateTimeOffset Sent = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    private readonly JobMessages _job = new RecordingPublisher().Job(TimeProvider.System);

    [Fact]
    public void ToProperties_OwnMessage_HasAllThatTheContractSays()
    {
        var message = Pending(New(MessageKind.Status) with { MessageId = "job:started" });

        var properties = message.ToProperties();

        Assert.Equal("application/json", properties.ContentType);
        Assert.Equal(("job", "frob", "job:started"),
            (properties.CorrelationId, properties.AppId, properties.MessageId));
        Assert.Equal(Sent.ToUnixTimeSeconds(), properties.Timestamp.UnixTime);
        Assert.True(properties.Persistent);
        Assert.Empty(properties.Headers!);
        Assert.False(properties.IsReplyToPresent());
    }

    [Fact]
    public void ToProperties_Twice_GivesEqualButSeparateProperties()
    {
        var message = Pending(New(MessageKind.Sent));

        var (first, second) = (message.ToProperties(), message.ToProperties());

        Assert.NotSame(first, second);
        Assert.NotSame(first.Headers, second.Headers);
        Assert.Equal((first.MessageId, first.Timestamp), (second.MessageId, second.Timestamp));
        Assert.Equal(message.MessageId, second.MessageId);
    }

    [Fact]
    public void MessageId_NotGiven_IsTheJobsForTheSequence() =>
        Assert.Equal(_job.NextId(7), Pending(New(MessageKind.Sent), sequence: 7).MessageId);

    [Theory]
    [InlineData(null, "job")]
    [InlineData("other", "other")]
    public void ToProperties_CorrelationId_IsTheMessagesOrTheJobs(string? own, string expected)
    {
        var message = Pending(New(MessageKind.Sent) with { CorrelationId = own });

        Assert.Equal(expected, message.ToProperties().CorrelationId);
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void ToProperties_CorrelationIdAtTheLimit_IsLeftOutIfItDoesNotFit(int length, bool isKept)
    {
        var id = new string('x', length);

        var properties = Pending(New(MessageKind.Sent) with { CorrelationId = id }).ToProperties();

        Assert.Equal(isKept ? id : null, properties.CorrelationId);
    }

    [Fact]
    public void ToProperties_TraceContext_IsInTheHeaders()
    {
        _job.TraceParent = "00-1-2-01";
        _job.TraceState = "a=b";

        var headers = Pending(New(MessageKind.Status)).ToProperties().Headers!;

        Assert.Equal(2, headers.Count);
        Assert.Equal(("00-1-2-01", "a=b"), (headers["traceparent"], headers["tracestate"]));
    }

    [Fact]
    public void ToProperties_AddedHeaders_AreAddedToOwnProperties()
    {
        var headers = new Dictionary<string, object?> { ["x-a"] = 1 };

        Assert.Equal(headers, Pending(New(MessageKind.Sent) with { Headers = headers }).ToProperties().Headers);
    }

    [Fact]
    public void ToProperties_Copy_KeepsWhatTheJobHad()
    {
        var original = Original();

        var copy = Pending(New(MessageKind.Sent) with { Original = original }).ToProperties();

        Assert.Equal(("text/plain", "gzip", "correlation", "back", "1000", "id", "type", "app", "cluster"),
            (copy.ContentType, copy.ContentEncoding, copy.CorrelationId, copy.ReplyTo, copy.Expiration, copy.MessageId,
            copy.Type, copy.AppId, copy.ClusterId));
        Assert.Equal(5, copy.Priority);
        Assert.Equal(1234, copy.Timestamp.UnixTime);
        Assert.Equal("kept", copy.Headers!["own"]);
    }

    /// <summary>The broker would close the channel over another's name, and route to further queues.</summary>
    [Fact]
    public void ToProperties_Copy_OmitsWhatTheBrokerWouldActOn()
    {
        var original = Original();
        original.DeliveryMode = DeliveryModes.Transient;

        var copy = Pending(New(MessageKind.Sent) with { Original = original }).ToProperties();

        Assert.False(copy.IsUserIdPresent());
        Assert.Equal(["own"], copy.Headers!.Keys);
        Assert.True(copy.Persistent);
    }

    [Theory]
    [InlineData(nameof(MessageKind.Parked), null)]
    [InlineData(nameof(MessageKind.Sent), "1000")]
    public void ToProperties_Copy_ExpiresUnlessItIsParked(string kind, string? expiration)
    {
        var message = New(Enum.Parse<MessageKind>(kind)) with { Original = Original() };

        Assert.Equal(expiration, Pending(message).ToProperties().Expiration);
    }

    [Fact]
    public void ToProperties_CopyWithOversizedProperties_LeavesThemOut()
    {
        var original = Original();
        original.CorrelationId = new string('x', 256);
        original.Headers![new string('h', 255)] = 1;
        original.Headers[new string('h', 256)] = 1;

        var copy = Pending(New(MessageKind.Parked) with { Original = original }).ToProperties();

        Assert.False(copy.IsCorrelationIdPresent());
        Assert.Equal([3, 255], copy.Headers!.Keys.Select(key => key.Length).Order());
    }

    [Fact]
    public void ToProperties_Copy_LeavesTheJobsOwnAlone()
    {
        var original = Original();

        var message = Pending(New(MessageKind.Parked) with
        {
            Original = original, Headers = new Dictionary<string, object?> { ["x-reason"] = "why" },
        });
        message.ToProperties();

        Assert.Equal("somebody", original.UserId);
        Assert.Equal("1000", original.Expiration);
        Assert.Equal(["BCC", "CC", "own"], original.Headers!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ToProperties_CopyWithAddedHeaders_AddsAndReplaces()
    {
        var added = new Dictionary<string, object?> { ["x-reason"] = "why", ["own"] = "replaced" };

        var copy = Pending(New(MessageKind.Parked) with { Original = Original(), Headers = added }).ToProperties();

        Assert.Equal(added, copy.Headers);
    }

    [Fact]
    public void ToProperties_CopyWithAddedHeaders_MakesRoomForThem()
    {
        var original = Original();
        original.Headers!["large"] = new byte[125 * 1024];
        var added = new Dictionary<string, object?> { ["x-reason"] = "why" };

        var copy = Pending(New(MessageKind.Parked) with { Original = original, Headers = added }).ToProperties();

        Assert.Equal(["own", "x-reason", HeaderNames.DroppedHeaders], copy.Headers!.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ToProperties_CopyOfAJobWithoutHeaders_HasTheTrace()
    {
        _job.TraceParent = "00-1-2-01";

        var copy = Pending(New(MessageKind.Parked) with { Original = new BasicProperties() }).ToProperties();

        Assert.Equal(["traceparent"], copy.Headers!.Keys);
    }

    [Theory]
    [InlineData("key", "id", true)]
    [InlineData("other", "id", false)]
    [InlineData("key", "other", false)]
    [InlineData("key", null, false)]
    public void Matches_OwnMessage_ComparesKeyAndId(string key, string? id, bool matches)
    {
        var message = Pending(New(MessageKind.Sent) with { MessageId = "id" });

        Assert.Equal(matches, message.Matches(key, new BasicProperties { MessageId = id }, "anything"u8));
    }

    [Theory]
    [InlineData("key", "id", "{}", true)]
    [InlineData("other", "id", "{}", false)]
    [InlineData("key", "other", "{}", false)]
    [InlineData("key", "id", "{ }", false)]
    public void Matches_Copy_ComparesTheJobsIdAndBody(string key, string id, string body, bool matches)
    {
        var message = Pending(New(MessageKind.Parked) with { Original = Original() });

        Assert.Equal(matches,
            message.Matches(key, new BasicProperties { MessageId = id }, Encoding.UTF8.GetBytes(body)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public void Matches_CopyOfAJobWithoutAnIdThatFits_ComparesTheBody(int length)
    {
        var original = new BasicProperties { MessageId = length == 0 ? null : new string('x', length) };
        var message = Pending(New(MessageKind.Parked) with { Original = original });

        Assert.True(message.Matches("key", new BasicProperties(), "{}"u8));
        Assert.False(message.Matches("key", new BasicProperties(), "[]"u8));
        Assert.False(message.Matches("key", new BasicProperties { MessageId = "id" }, "{}"u8));
    }

    [Theory]
    [InlineData(nameof(MessageKind.Status), true)]
    [InlineData(nameof(MessageKind.Output), true)]
    [InlineData(nameof(MessageKind.Notification), false)]
    [InlineData(nameof(MessageKind.Sent), false)]
    [InlineData(nameof(MessageKind.Parked), false)]
    public void IsOrdered_Kind_IsTrueForStatusesAndOutput(string kind, bool isOrdered) =>
        Assert.Equal(isOrdered, Pending(New(Enum.Parse<MessageKind>(kind))).IsOrdered);

    private static BasicProperties Original() => new()
    {
        ContentType = "text/plain", ContentEncoding = "gzip", CorrelationId = "correlation", ReplyTo = "back",
        Expiration = "1000", MessageId = "id", Type = "type", AppId = "app", ClusterId = "cluster", UserId = "somebody",
        Priority = 5, Timestamp = new AmqpTimestamp(1234),
        Headers = new Dictionary<string, object?> { ["CC"] = "x", ["BCC"] = "y", ["own"] = "kept" },
    };

    private static OutgoingMessage New(MessageKind kind) => new(kind, Names.Exchange, "key", "{}"u8.ToArray());

    private PendingMessage Pending(OutgoingMessage message, int sequence = 1) => new(message, _job, sequence, Sent);
}
