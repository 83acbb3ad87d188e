using System.Text;
using ReWorker.Tests.Contract;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>Bodies that can't be a job: the reply, the log, the parked message, and the job beside it.</summary>
public sealed class BadBodyTests(PikaBus bus) : ContractTest(bus)
{
    private const int Refused = 11;

    public static TheoryData<string> Names => [.. BadJob.All.Select(one => one.Name)];

    [Theory, MemberData(nameof(Names))]
    public void TryRead_BadBody_SaysWhatIsWrong(string name)
    {
        var bad = BadJob.All.Single(one => one.Name == name);

        var refusal = JobReader.TryRead(bad.Make(), 4 * 1024 * 1024, out var job);

        Assert.Null(job);
        Assert.True(refusal!.Park);
        Assert.StartsWith("the job's body can't be read: ", refusal.ReplyText, StringComparison.Ordinal);
        Assert.Contains(bad.Says, refusal.ReplyText, StringComparison.Ordinal);
        Assert.InRange(refusal.ReplyText.Length, 1, 1000);
    }

    [Fact, Contract("Job's end / not JSON or over a limit")]
    public async Task BadBodies_AmongGoodJobs_AreAnsweredLoggedAndParkedAndTheOthersRun()
    {
        await using var worker = await StartAsync(job => job.Body);
        await using var session = await Bus.OpenAsync();

        foreach (var bad in BadJob.All)
        {
            var id = $"bad {bad.Name}";
            session.SendRaw(worker.Name, bad.Make(), new() { ["correlation_id"] = id, ["reply_to"] = session.ReplyTo });
            session.Send(worker.Name, """{"neighbour":1}""");
            var all = (await session.ReceiveUntilTerminalAsync(Cancel)).Concat(await session.ReceiveUntilTerminalAsync(Cancel)).ToList();
            var parked = await Bus.TakeAsync(worker.DeadQueue, Cancel);

            var reply = all.Where(one => one.Property("correlation_id") == id).ToList();
            Rules.CheckJob(reply, id, started: false);
            Assert.Contains(bad.Says, reply[0].Data.GetString(), StringComparison.Ordinal);
            Rules.CheckJob([.. all.Except(reply)], all.Except(reply).First().Property("correlation_id"));
            Assert.Equal(bad.Make(), parked.Bytes);
            Assert.Equal((id, session.ReplyTo, worker.Queue), (parked.Property("correlation_id"), parked.Property("reply_to"), parked.Header("x-reworker-queue")));
            Assert.Equal(reply[0].Data.GetString(), parked.Header("x-reworker-reason"));
            Assert.Single(worker.Logs.WithId(Refused), one => one.Message.StartsWith($"Job {id} is invalid and will be answered and parked: ", StringComparison.Ordinal));
        }

        Assert.Single(worker.Logs.WithId(40));
        Assert.All(worker.Logs.All, one => Assert.DoesNotContain(one.Message, char.IsControl));
    }

    [Theory]
    [InlineData("""{"parameters":[]}""", "the job's 'parameters' is a list; allowed: an object")]
    [InlineData("""{"dynamic":"x"}""", "the job's 'dynamic' is a string; allowed: an object")]
    [InlineData("""{"notify":[]}""", "the job's 'notify' is a list; allowed: an object phase → channel → list of targets")]
    [InlineData("""{"notify":{"failed":{"irc":5}}}""", "the job's 'notify' is a object; allowed: an object phase → channel → list of targets")]
    public void TryRead_WrongShape_IsAnsweredAndNotParked(string body, string reason)
    {
        var refusal = JobReader.TryRead(Encoding.UTF8.GetBytes(body), 1000, out _);

        Assert.Equal((reason, false), (refusal!.ReplyText, refusal.Park));
    }
}
