using System.Text;
using System.Text.Json;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>Messages on the reply queue are read as events; those that break the contract are dropped.</summary>
public sealed class ReplyReaderTests
{
    [Theory]
    [InlineData("""{"status":"failed","data":"why"}""", "why")]
    [InlineData("""{"status":"failed","data":""}""", "")]
    [InlineData("""{"status":"failed"}""", "the worker gave no reason")]
    [InlineData("""{"status":"failed","data":null}""", "null")]
    [InlineData("""{"status":"failed","data":{"a": 1}}""", """{"a": 1}""")]
    public void TryRead_Failed_HasTheReason(string body, string reason) =>
        Assert.Equal(new JobEvent.Failed(reason), Read(body));

    [Theory]
    [InlineData("""{"status":"completed","data":{"a": 1}}""", """{"a": 1}""")]
    [InlineData("""{"data":null,"status":"completed"}""", "null")]
    [InlineData("""{"status":"completed"}""", null)]
    public void TryRead_Completed_HasTheData(string body, string? data)
    {
        var read = Assert.IsType<JobEvent.Completed>(Read(body)).Data;

        Assert.Equal(data, read.ValueKind is JsonValueKind.Undefined ? null : read.GetRawText());
    }

    [Fact]
    public void TryRead_Started_IsAnEvent() =>
        Assert.Equal(new JobEvent.Started(), Read("""{"status":"started","more":1}"""));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"status":"done"}""")]
    [InlineData("""{"status":"Completed"}""")]
    [InlineData("""{"status":7}""")]
    [InlineData("""{"status":null}""")]
    [InlineData("""{"status":"\ud800"}""")]
    [InlineData("""{"status":"failed","data":"\ud800"}""")]
    [InlineData("""{"message":"a line"}""")]
    public void TryRead_InvalidStatus_IsDropped(string body) => Assert.Null(Read(body));

    [Theory]
    [InlineData("output", """{"message":"a line"}""", "a line")]
    [InlineData("output", """{"message":""}""", "")]
    [InlineData("output", """{"message":5}""", null)]
    [InlineData("output", """{"message":null}""", null)]
    [InlineData("output", """{"message":"\ud800"}""", null)]
    [InlineData("output", "{}", null)]
    [InlineData("output", """["message"]""", null)]
    [InlineData("outputs", """{"message":"a line"}""", null)]
    [InlineData("worker.q", """{"message":"a line"}""", null)]
    public void TryRead_Output_HasTheLine(string key, string body, string? line) =>
        Assert.Equal(line is null ? null : new JobEvent.Output(line), Read(body, "re", key));

    [Fact]
    public void TryRead_StatusThroughTheExchange_IsNoStatus() =>
        Assert.Null(Read("""{"status":"failed"}""", "re", "x"));

    /// <summary>The default exchange carries nothing but status replies, whatever the queue is called.</summary>
    [Fact]
    public void TryRead_OutputThroughTheDefaultExchange_IsNoOutput() =>
        Assert.Null(Read("""{"message":"a line"}""", "", "output"));

    [Theory]
    [InlineData("""{"slug":"s","message":"m","phase":"failed","target":["#a","#b"]}""", "irc s m Failed #a,#b")]
    [InlineData("""{"slug":"s","message":"m","phase":"started","target":"#a"}""", "irc s m Started #a")]
    [InlineData("""{"phase":"completed","target":[]}""", "irc   Completed ")]
    [InlineData("""{"slug":5,"message":null,"phase":"completed","target":[]}""", "irc   Completed ")]
    [InlineData("""{"slug":"s","message":"m","phase":"never","target":["#a"]}""", null)]
    [InlineData("""{"slug":"s","message":"m","target":["#a"]}""", null)]
    [InlineData("""{"slug":"s","message":"m","phase":"failed"}""", null)]
    [InlineData("""{"slug":"s","message":"m","phase":"failed","target":[5]}""", null)]
    [InlineData("""{"slug":"s","message":"m","phase":"failed","target":null}""", null)]
    public void TryRead_Notification_HasItsParts(string body, string? expected)
    {
        var read = Read(body, "re", "notify.irc") as JobEvent.Notification;

        Assert.Equal(expected, read is null
            ? null
            : $"{read.Channel} {read.Slug} {read.Message} {read.Phase} {string.Join(',', read.Targets)}");
    }

    /// <summary>A job may be 64 deep, and its data is one level further down.</summary>
    [Theory]
    [InlineData(63, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void TryRead_DepthOfData_IsLimitedToThatOfAJob(int depth, bool isRead)
    {
        var data = new string('[', depth) + new string(']', depth);

        Assert.Equal(isRead, Read($$"""{"status":"completed","data":{{data}} }""") is JobEvent.Completed);
    }

    private static JobEvent? Read(string body, string exchange = "", string key = "reply.1") =>
        ReplyReader.TryRead(exchange, key, Encoding.UTF8.GetBytes(body));
}
