using My.Step_1.Tests;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>The lines of <c>dead</c>, and what it leaves in the queues, whatever is selected.</summary>
public sealed class DeadVerbTests(BrokerFixture broker) : IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private ParkedJobs _jobs = null!;

    public async ValueTask InitializeAsync() => _jobs = await ParkedJobs.CreateAsync(broker.Amqp);

    public ValueTask DisposeAsync() => _jobs.DisposeAsync();

    [Fact]
    public async Task List_NoJobsOrOne_SaysHowMany()
    {
        var none = await DeadAsync("list");
        await _jobs.ParkAsync(1);
        var one = await DeadAsync("list");

        Assert.Equal((0, $"{_jobs.Parked} holds 0 jobs\n"), (none.Code, none.Output));
        Assert.Equal($"{_jobs.Parked} holds 1 job", one.Lines[0]);
        Assert.Equal(3, one.Lines.Length);
    }

    [Fact]
    public async Task Show_Number_ShowsEverythingAboutTheJob()
    {
        await _jobs.ParkAsync(2);

        var call = await DeadAsync("show", "2");

        Assert.Equal(0, call.Code);
        Assert.Equal(
            [
                " id          ID, number 2 of 2", " reason      gave up ⏎ 1", " parked      2026-01-02 03:04:05Z",
                " attempts    3", " job         job-1", " reply to    reply", " message id  m1",
            ],
            call.Lines[..7].Select((line, i) => i == 0 ? IdPattern().Replace(line, "ID", 1) : line));
        Assert.Contains(" header      own: kept", call.Lines);
        Assert.Contains($" header      x-reworker-queue: {_jobs.Worker}", call.Lines);
        Assert.Equal([" │ {", " │   \"n\": 1", " │ }"], call.Lines[^3..]);
        Assert.Equal(["job-0", "job-1"], await TakeAsync(2));
    }

    [Fact]
    public async Task Show_SeveralAndOneThatIsMissing_ShowsThoseThatExist()
    {
        await _jobs.ParkAsync(3);

        var call = await DeadAsync("show", "job-2", "1", "job-9");

        Assert.Equal(1, call.Code);
        Assert.Equal(
            [" job         job-0", " job         job-2"],
            call.Lines.Where(line => line.StartsWith(" job ", StringComparison.Ordinal)));
        Assert.Equal($"no parked job 'job-9' in {_jobs.Parked}; `dead list` shows them\n", call.Error);
    }

    [Fact]
    public async Task Replay_All_SaysWhichAndLeavesNone()
    {
        await _jobs.ParkAsync(2);

        var call = await DeadAsync("replay", "--all");

        Assert.Equal((0, ""), (call.Code, call.Error));
        Assert.Matches(
            $"^ replayed  [0-9a-f]{{8}}  job-0\n replayed  [0-9a-f]{{8}}  job-1\n{_jobs.Parked}: 2 of 2 replayed\n$",
            call.Output);
        Assert.Equal(0u, await _jobs.CountAsync());
        Assert.Equal(["job-0", "job-1"], await _jobs.TakeIdsAsync(_jobs.Worker));
    }

    [Fact]
    public async Task Replay_NoneOfThemExists_ReplaysNothing()
    {
        await _jobs.ParkAsync(2);

        var call = await DeadAsync("replay", "job-7");

        Assert.Equal((1, $"{_jobs.Parked}: 0 of 2 replayed\n"), (call.Code, call.Output));
        Assert.Equal(["job-0", "job-1"], await TakeAsync(2));
        Assert.Empty(await _jobs.TakeIdsAsync(_jobs.Worker));
    }

    [Fact]
    public async Task Replay_NoWorkerQueue_StillSaysHowManyWereReplayed()
    {
        await _jobs.ParkAsync(1);
        await _jobs.Channel.QueueDeleteAsync(
            _jobs.Worker, ifUnused: false, ifEmpty: false, cancellationToken: TestContext.Current.CancellationToken);

        var call = await DeadAsync("replay", "--all");

        Assert.Equal((64, $"{_jobs.Parked}: 0 of 1 replayed\n"), (call.Code, call.Output));
    }

    [Fact]
    public async Task Drop_All_DeletesThemAndReplaysNone()
    {
        await _jobs.ParkAsync(2);

        var call = await DeadAsync("drop", "--all");

        Assert.EndsWith($"  job-1\n{_jobs.Parked}: 2 of 2 dropped\n", call.Output, StringComparison.Ordinal);
        Assert.Equal(0u, await _jobs.CountAsync());
        Assert.Empty(await _jobs.TakeIdsAsync(_jobs.Worker));
    }

    private Task<Call> DeadAsync(params string[] args) => Call.Async(
        ["dead", .. args, "--queue", _jobs.Name, $"--ConnectionStrings:rabbitmq={broker.Amqp.AbsoluteUri}"]);

    /// <summary>A quorum queue requeues a closed channel's messages a moment after the close.</summary>
    private async Task<IEnumerable<string?>> TakeAsync(uint count)
    {
        await _jobs.WaitAsync(count);
        return await _jobs.TakeIdsAsync(_jobs.Parked);
    }

    private static System.Text.RegularExpressions.Regex IdPattern() => new("[0-9a-f]{8}");
}
