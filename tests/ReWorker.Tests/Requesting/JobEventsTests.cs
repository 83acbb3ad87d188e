using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>What a requester sees of its jobs, without a broker and in virtual time.</summary>
public sealed partial class JobEventsTests : IAsyncDisposable
{
    private const string Started = """{"status":"started"}""", Completed = """{"status":"completed"}""";

    private readonly FakeRequester _requester = new() { ConfirmsAll = true };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _requester.DisposeAsync();

    [Fact]
    public async Task SendAsync_Messages_AreYieldedInOrderAndWithoutCopies()
    {
        var events = _requester.Client.SendAsync(Job("a"), Cancel).ToListAsync(Cancel).AsTask();
        await _requester.SentAsync();
        await _requester.ReplyAsync("a", Started, "1");
        await _requester.ReplyAsync("a", """{"message":"x"}""", "2", "re", "output");
        await _requester.ReplyAsync("a", Started, "1");
        await _requester.ReplyAsync("a", """{"message":"x"}""", "3", "re", "output");
        await _requester.ReplyAsync("a", """{"phase":"failed","target":"#t"}""", "4", "re", "notify.irc");
        await _requester.ReplyAsync("a", """{"message":"x"}""", "2", "re", "output");
        await _requester.ReplyAsync("a", Completed, "5");
        await _requester.ReplyAsync("a", Completed, "5");

        Assert.Equal(
            ["Started", "Output", "Output", "Notification", "Completed"],
            (await events).Select(one => one.GetType().Name));
    }

    [Fact]
    public async Task SendAsync_JobsAtOnce_EachGetsItsOwnMessages()
    {
        var one = _requester.Client.RunAsync(Job("one"), Cancel);
        var two = _requester.Client.RunAsync(Job("two"), Cancel);
        await _requester.SentAsync(2);
        foreach (var id in new[] { "two", "one" })
        {
            await _requester.ReplyAsync(id, $$"""{"message":"of {{id}}"}""", null, "re", "output");
            await _requester.ReplyAsync(id, Completed);
        }

        Assert.Equal(("one", "of one"), ((await one).CorrelationId, (await one).Output.Single()));
        Assert.Equal(("two", "of two"), ((await two).CorrelationId, (await two).Output.Single()));
        Assert.Equal(2, _requester.Source.Connections.Count);
    }

    [Fact]
    public async Task Receive_UnknownAndInvalidMessages_AreAcknowledgedAndDropped()
    {
        var running = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync();
        await _requester.ReplyAsync(null, Completed);
        await _requester.ReplyAsync("another's", Completed);
        await _requester.ReplyAsync("another's", "junk");
        await _requester.ReplyAsync("a", "junk");
        await _requester.ReplyAsync("a", """{"message":5}""", null, "re", "output");
        Assert.False(running.IsCompleted);
        await _requester.ReplyAsync("a", Completed);

        await running;

        Assert.Equal(
            Enumerable.Range(1, 6).Select(tag => ((ulong)tag, false)),
            _requester.Replies.CallsOf("BasicAckAsync").Select(call => ((ulong)call[0]!, (bool)call[1]!)));
        Assert.Equal(
            [
                (LogLevel.Warning, "Dropped a message of job a with routing key reply: its body breaks the contract"),
                (LogLevel.Warning, "Dropped a message of job a with routing key output: its body breaks the contract"),
            ],
            _requester.Log.WithId(81).Select(record => (record.Level, record.Message)));
    }

    [Fact]
    public async Task RunAsync_Completed_HasDataOutputAndElapsedTime()
    {
        var startedAt = _requester.Time.GetUtcNow();
        var running = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync();
        await _requester.ReplyAsync("a", """{"message":"one"}""", null, "re", "output");
        await _requester.ReplyAsync("a", """{"message":"two"}""", null, "re", "output");
        _requester.Time.Advance(TimeSpan.FromSeconds(90));
        await _requester.ReplyAsync("a", """{"status":"completed","data":{"n":1}}""");

        var result = await running;

        Assert.Equal("a", result.CorrelationId);
        Assert.Equal(["one", "two"], result.Output);
        Assert.Equal("""{"n":1}""", result.Data.GetRawText());
        Assert.Equal(_requester.Time.GetUtcNow() - startedAt, result.Elapsed);
    }

    [Fact]
    public async Task RunAsync_Failed_ThrowsTheReason()
    {
        var running = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync();
        await _requester.ReplyAsync("a", """{"status":"failed","data":"no widget"}""");

        var error = await Assert.ThrowsAsync<JobFailedException>(() => running);

        Assert.Equal(("no widget", "a"), (error.Message, error.CorrelationId));
    }

    [Fact]
    public async Task RunAsync_Typed_ReadsTheData()
    {
        var good = _requester.Client.RunAsync<Count>(Job("good"), JobCountJson.Default, Cancel);
        var bad = _requester.Client.RunAsync<Count>(Job("bad"), JobCountJson.Default, Cancel);
        var none = _requester.Client.RunAsync<Count>(Job("none"), JobCountJson.Default, Cancel);
        await _requester.SentAsync(3);
        await _requester.ReplyAsync("good", """{"status":"completed","data":{"n":3}}""");
        await _requester.ReplyAsync("bad", """{"status":"completed","data":"three"}""");
        await _requester.ReplyAsync("none", Completed);

        Assert.Equal(3, (await good).N);
        await Assert.ThrowsAsync<JsonException>(() => bad);
        var error = await Assert.ThrowsAsync<JsonException>(() => none);
        Assert.Equal("job none completed without data", error.Message);
    }

    [Fact]
    public async Task RunAsync_ContextWithoutTheType_SendsNothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => _requester.Client.RunAsync<Version>(Job("a"), JobCountJson.Default, Cancel));

        Assert.Empty(_requester.Source.Connections);
    }

    [Fact]
    public async Task SendAsync_InvalidJob_SendsNothing()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _requester.Client.RunAsync(new() { Queue = "" }, Cancel));

        Assert.Empty(_requester.Source.Connections);
    }

    [Fact]
    public async Task SendAsync_IdInFlight_IsRejectedUntilTheJobHasEnded()
    {
        var first = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => _requester.Client.RunAsync(Job("a"), Cancel));
        Assert.Equal("a job 'a' is in flight already; each job needs its own id", error.Message);

        await _requester.ReplyAsync("a", Completed);
        await first;
        var second = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync(2);
        await _requester.ReplyAsync("a", Completed);
        await second;
    }

    [Fact]
    public async Task SendAsync_EnumerationLeft_ForgetsTheJob()
    {
        var leaving = Task.Run(async () =>
        {
            await foreach (var _ in _requester.Client.SendAsync(Job("a"), Cancel)) break;
        }, Cancel);
        await _requester.SentAsync();
        await _requester.ReplyAsync("a", Started);
        await leaving;

        await _requester.ReplyAsync("a", "junk"); // would be logged if the job were known
        var again = _requester.Client.RunAsync(Job("a"), Cancel);
        await _requester.SentAsync(2);
        await _requester.ReplyAsync("a", Completed);

        await again;
        Assert.Empty(_requester.Log.WithId(81));
    }

    private static JobRequest Job(string id) => new() { Queue = "q", CorrelationId = id };

    internal sealed record Count(int N);

    [JsonSerializable(typeof(Count))]
    internal sealed partial class JobCountJson : JsonSerializerContext;
}
