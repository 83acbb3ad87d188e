using RabbitMQ.Client;
using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>A redelivered message is recognized, and two different messages are never taken for one.</summary>
public sealed class MessageKeyTests
{
    [Fact]
    public void Compute_SameMessage_IsEqual() =>
        Assert.Equal(Key("m", "c", "r", "body"), Key("m", "c", "r", "body"));

    [Fact]
    public async Task Compute_AnotherThread_IsEqual()
    {
        var here = Key("m", "c", "r", "body");

        var there = await Task.Factory.StartNew(
            () => Key("m", "c", "r", "body"), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        Assert.Equal(here, there);
    }

    /// <summary>The consumers of several workers receive at the same time.</summary>
    [Fact]
    public void Compute_OnSeveralThreadsAtOnce_IsEqual()
    {
        var (properties, body) = (new BasicProperties { MessageId = "m" }, new byte[100_000]);
        var expected = MessageKey.Compute(properties, body);
        var wrong = 0;
        using var start = new Barrier(4);
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(Compute)).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.Equal(0, wrong);

        void Compute()
        {
            start.SignalAndWait();
            for (var round = 0; round < 1000; round++)
                if (MessageKey.Compute(properties, body) != expected) Interlocked.Increment(ref wrong);
        }
    }

    /// <summary>The flag, the tag and the counts of a delivery differ each time.</summary>
    [Fact]
    public void Compute_OtherHeaders_IsEqual()
    {
        var plain = new BasicProperties { MessageId = "m" };
        var counted = new BasicProperties(plain) { Headers = new Dictionary<string, object?> { ["n"] = 1 } };

        Assert.Equal(MessageKey.Compute(plain, "x"u8), MessageKey.Compute(counted, "x"u8));
    }

    [Theory]
    [InlineData("M", "c", "r", "body")]
    [InlineData("m", "C", "r", "body")]
    [InlineData("m", "c", "R", "body")]
    [InlineData("m", "c", "r", "Body")]
    [InlineData("m", "c", "r", "")]
    [InlineData("mc", "", "r", "body")]
    [InlineData("", "mc", "r", "body")]
    [InlineData("m", "cr", "", "body")]
    [InlineData("m", "", "cr", "body")]
    [InlineData("c", "m", "r", "body")]
    [InlineData(null, "c", "r", "body")]
    [InlineData("m", null, "r", "body")]
    [InlineData("m", "c", null, "body")]
    public void Compute_AnythingElse_Differs(string? messageId, string? correlationId, string? replyTo, string body) =>
        Assert.NotEqual(Key("m", "c", "r", "body"), Key(messageId, correlationId, replyTo, body));

    [Fact]
    public void Compute_TextsOfOneAlphabet_AreKeptApart()
    {
        var texts = new[] { "", "a", "aa", "aaa" };
        var keys = from m in texts from c in texts from r in texts select Key(m, c, r, "a");

        Assert.Equal(64, keys.Distinct().Count());
    }

    private static UInt128 Key(string? messageId, string? correlationId, string? replyTo, string body) =>
        MessageKey.Compute(
            new BasicProperties { MessageId = messageId, CorrelationId = correlationId, ReplyTo = replyTo },
            System.Text.Encoding.UTF8.GetBytes(body));
}
