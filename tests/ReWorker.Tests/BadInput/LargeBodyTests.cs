using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>Tests that run without others, because they measure the memory of the process.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>Many bodies above the limit do not fill the memory.</summary>
[Collection("alone")]
public sealed class LargeBodyTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task LargeBodies_ManyAtOnce_KeepMemoryBounded()
    {
        await using var worker = await StartAsync(_ => null, ("Worker:Concurrency", "2"));
        await using var session = await Bus.OpenAsync();
        var large = new byte[15 * 1024 * 1024];
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 20; i++) session.SendRaw(worker.Name, large, session.Properties($"large {i}"));
        for (var i = 0; i < 20; i++) Assert.Equal("failed", (await session.NextAsync(Cancel)).Status);
        await worker.WaitUntilIdleAsync(Cancel);

        // room for the two bodies in flight and the client's buffer pool, but not for all 20 bodies
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, 250L * 1024 * 1024);
    }
}
