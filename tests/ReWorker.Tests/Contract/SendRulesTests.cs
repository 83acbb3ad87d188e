using System.Text;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What a worker may send, and to which queue it replies.</summary>
public sealed class SendRulesTests
{
    private const string OnlyTheRuntime =
        "only the runtime sends status replies: return a value to complete the job, throw to fail it";

    private static readonly byte[] Body = "{}"u8.ToArray();

    [Theory]
    [InlineData(254, 'x', null)]
    [InlineData(255, 'x', null)]
    [InlineData(256, 'x', 256)]
    [InlineData(127, 'é', null)]
    [InlineData(128, 'é', 256)]
    public void Check_ShortStrings_AreLimitedInBytes(int length, char letter, int? bytes)
    {
        var text = new string(letter, length);

        Assert.Equal(Message("routing key", "topic"), Check(text, "re", "c"));
        Assert.Equal(Message("exchange name", "exchange"), Check("t", text, "c"));
        Assert.Equal(Message("correlation id", "correlationId"), Check("t", "re", text));

        (string, string)? Message(string what, string parameter) =>
            bytes is null ? null : ($"the {what} has {bytes} bytes; allowed: 255", parameter);
    }

    [Fact]
    public void Check_NoCorrelationIdAndNoReplyTo_IsAllowed() => Assert.Null(Check("t", "re", null));

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public void Check_Body_IsLimitedTo16MiB(int more)
    {
        var body = new byte[(16 * 1024 * 1024) + more];

        (string, string)? expected =
            more <= 0 ? null : ("the message has 16777217 bytes; allowed: 16777216", "body");
        Assert.Equal(expected, Check("t", "re", "c", body));
    }

    [Theory]
    [InlineData("""{"status":"completed"}""")]
    [InlineData("""{"status":null}""")]
    [InlineData("""{"\u0073tatus":"started"}""")]
    [InlineData("""{"data":{"a":[{}]},"more":[[1]],"text":"x","status":"failed"}""")]
    public void Check_StatusReplyToTheRequester_IsTheRuntimesOwn(string body) =>
        Assert.Equal((OnlyTheRuntime, "body"), Check("amq.gen-1", "", "c", Encoding.UTF8.GetBytes(body), "amq.gen-1"));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Status":"completed"}""")]
    [InlineData("""{"statuses":1,"data":{"status":"completed"},"list":[{"status":"completed"}]}""")]
    [InlineData("""{"data":"status"}""")]
    [InlineData("""["status"]""")]
    [InlineData("""[{"status":"completed"}]""")]
    [InlineData("\"status\"")]
    [InlineData("5")]
    public void Check_OtherMessageToTheRequester_IsAllowed(string body) =>
        Assert.Null(Check("amq.gen-1", "", "c", Encoding.UTF8.GetBytes(body), "amq.gen-1"));

    [Theory]
    [InlineData("amq.gen-2", "", "amq.gen-1")]
    [InlineData("amq.gen-1", "", null)]
    [InlineData("amq.gen-1", "re", "amq.gen-1")]
    public void Check_StatusSomewhereElse_IsAllowed(string topic, string exchange, string? replyTo) =>
        Assert.Null(Check(topic, exchange, "c", """{"status":"completed"}"""u8.ToArray(), replyTo));

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("worker.", false)]
    [InlineData("worker.q", false)]
    [InlineData("worker.q.dead", false)]
    [InlineData("worker", true)]
    [InlineData("Worker.q", true)]
    [InlineData("my.worker.q", true)]
    [InlineData("amq.gen-1", true)]
    public void ReplyTo_OfAJob_IsNeverAWorkersQueue(string? replyTo, bool isUsed) =>
        Assert.Equal(isUsed ? replyTo : null, SendRules.ReplyTo(replyTo));

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void ReplyTo_TooLongForARoutingKey_IsNotUsed(int length, bool isUsed)
    {
        var replyTo = new string('r', length);

        Assert.Equal(isUsed ? replyTo : null, SendRules.ReplyTo(replyTo));
    }

    /// <summary>The error and the parameter's name; null if the message may be sent.</summary>
    private static (string Message, string Parameter)? Check(
        string topic, string exchange, string? correlationId, byte[]? body = null, string? replyTo = null)
    {
        try
        {
            SendRules.Check(topic, exchange, correlationId, body ?? Body, replyTo);
            return null;
        }
        catch (ArgumentException e)
        {
            return (e.Message.Replace($" (Parameter '{e.ParamName}')", "", StringComparison.Ordinal), e.ParamName!);
        }
    }
}
