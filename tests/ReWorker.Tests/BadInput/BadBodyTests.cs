using System.Text;
using ReWorker.Tests.Contract;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>A body that is not a job is answered, logged and parked. The jobs around it run.</summary>
public sealed class BadBodyTests(PikaBus bus) : ContractTest(bus)
{
    public static TheoryData<string> Names => [.. BadJob.All.Select(bad => bad.Name)];

    [Theory, MemberData(nameof(Names))]
    public void TryRead_BadBody_ReportsWhatIsWrong(string name)
    {
        var bad = BadJob.All.Single(job => job.Name == name);

        var error = JobReader.TryRead(bad.Make(), 4 * 1024 * 1024, out var job);

        Assert.Null(job);
        Assert.True(error!.Park);
        Assert.StartsWith("the job's body can't be read: ", error.ReplyText, StringComparison.Ordinal);
        Assert.Contains(bad.Reason, error.ReplyText, StringComparison.Ordinal);
        Assert.InRange(error.ReplyText.Length, 1, 1000);
    }

    [Fact, Contract("Job's end / not JSON or over a limit")]
    public async Task BadBodies_AmongGoodJobs_AreAnsweredLoggedAndParkedWhileTheOthersRun()
    {
        await using var worker = await StartAsync(job => job.Body);
        await using var session = await Bus.OpenAsync();

        foreach (var bad in BadJob.All)
        {
            var id = $"bad {bad.Name}";
            session.SendRaw(worker.Name, bad.Make(), session.Properties(id));
            var goodId = session.Send(worker.Name, """{"neighbour":1}""");
            var messages = await session.ReceiveUntilTerminalAsync(Cancel);
            messages.AddRange(await session.ReceiveUntilTerminalAsync(Cancel));
            var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

            var replies = messages.Where(message => message.Property("correlation_id") == id).ToList();
            Rules.CheckJob(replies, id, started: false);
            Assert.Contains(bad.Reason, replies[0].Data.GetString(), StringComparison.Ordinal);
            Rules.CheckJob([.. messages.Except(replies)], goodId);
            Assert.Equal(bad.Make(), parked.Bytes);
            Assert.Equal(
                (id, session.ReplyTo, worker.Queue),
                (parked.Property("correlation_id"), parked.Property("reply_to"), parked.Header("x-reworker-queue")));
            Assert.Equal(replies[0].Data.GetString(), parked.Header("x-reworker-reason"));
            var logged = $"Job {id} is invalid and will be answered and parked: ";
            Assert.Single(
                worker.Logs.WithId(LogId.JobInvalid),
                record => record.Message.StartsWith(logged, StringComparison.Ordinal));
        }

        Assert.Single(worker.Logs.WithId(LogId.Consuming));
        Assert.All(worker.Logs.All, record => Assert.DoesNotContain(record.Message, char.IsControl));
    }

    [Theory]
    [InlineData("""{"parameters":[]}""", "the job's 'parameters' is a list; allowed: an object")]
    [InlineData("""{"dynamic":"x"}""", "the job's 'dynamic' is a string; allowed: an object")]
    public void TryRead_WrongShape_IsAnsweredAndNotParked(string body, string reason)
    {
        var error = JobReader.TryRead(Encoding.UTF8.GetBytes(body), 1000, out _);

        Assert.Equal((reason, false), (error!.ReplyText, error.Park));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"ended":{"irc":["#a"]},"failed":null,"completed":["#a"]}""")]
    [InlineData("""{"failed":{"irc":5,"email":["a@example.com",5],"jabber":null}}""")]
    public void TryRead_NotifyMalformed_IsIgnored(string notify)
    {
        var body = $$"""{"notify":{{notify}}}""";

        Assert.Null(JobReader.TryRead(Encoding.UTF8.GetBytes(body), 1000, out var job));

        Assert.All(Enum.GetValues<Phase>(), phase => Assert.Empty(job!.Notify.For(phase)));
    }

    [Fact]
    public void TryRead_NotifyPartlyMalformed_KeepsTheRest()
    {
        var body = """{"notify":{"ended":{},"failed":{"irc":5,"email":["a@example.com"],"jabber":"b"}}}"""u8;

        Assert.Null(JobReader.TryRead(body, 1000, out var job));

        Assert.Equal(
            ["email a@example.com", "jabber b"],
            job!.Notify.For(Phase.Failed).Select(channel => $"{channel.Key} {channel.Value.Single()}"));
    }

    [Theory]
    [InlineData(100, 10, null)]
    [InlineData(101, 1, "the job's 'notify' has more than 100 channels; allowed: 100")]
    [InlineData(2, 501, "the job's 'notify' has more than 1000 targets; allowed: 1000")]
    public void TryRead_NotifyTooLarge_IsAnsweredAndNotParked(int channels, int targets, string? reason)
    {
        var list = string.Join(',', Enumerable.Repeat("\"x\"", targets));
        var failed = string.Join(',', Enumerable.Range(0, channels).Select(i => $"\"{i}\":[{list}]"));
        var body = """{"notify":{"failed":{CHANNELS}}}""".Replace("CHANNELS", failed, StringComparison.Ordinal);

        var error = JobReader.TryRead(Encoding.UTF8.GetBytes(body), 100_000, out _);

        Assert.Equal((reason, false), (error?.ReplyText, error?.Park ?? false));
    }
}
