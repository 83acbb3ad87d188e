using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>Tests that run without others, because they measure the memory of the process.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>The bodies of jobs that have ended do not fill the memory.</summary>
[Collection("alone")]
public sealed class LargeBodyTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task LargeBodies_OfEndedJobs_AreNotKept()
    {
        const int jobs = 600, bytes = 64 * 1024, limit = 1000;
        // with this prefetch, the worker remembers every job: the broker may not have processed its acknowledgement
        await using var worker = await StartAsync(
            _ => null, ("Worker:Concurrency", "2"), ("Worker:Prefetch", "1000"), ("Worker:MaxBodyBytes", $"{limit}"));
        await using var session = await Bus.OpenAsync();
        var large = new byte[bytes];
        session.SendRaw(worker.Name, large, session.Properties("warms up"));
        await session.NextAsync(Cancel);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < jobs; i++) session.SendRaw(worker.Name, large, session.Properties($"large {i}"));
        for (var i = 0; i < jobs; i++) Assert.Equal("failed", (await session.NextAsync(Cancel)).Status);
        await UntilAsync(() => worker.Unconfirmed == 0);

        // room for the client's buffer pool and the memory of the jobs without their bodies
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, jobs * bytes / 3);
    }
}
