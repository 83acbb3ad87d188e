using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>Runs alone: it measures the memory of the process.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;

/// <summary>Bodies above the limit, many at once.</summary>
[Collection("alone")]
public sealed class LargeBodyTests(PikaBus bus) : ContractTest(bus)
{
    [Fact]
    public async Task LargeBodies_ManyAtOnce_MemoryStaysBounded()
    {
        await using var worker = await StartAsync(_ => null, ("Worker:Concurrency", "2"));
        await using var session = await Bus.OpenAsync();
        var large = new byte[15 * 1024 * 1024];
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var i = 0; i < 20; i++) session.SendRaw(worker.Name, large, new() { ["correlation_id"] = $"large {i}", ["reply_to"] = session.ReplyTo });
        for (var i = 0; i < 20; i++) Assert.Equal("failed", (await session.NextAsync(Cancel)).Status);
        await worker.SettledAsync(Cancel);

        // two bodies in hand, and what the client keeps to use again: not every body that was ever refused
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.InRange(after - before, long.MinValue, 250L * 1024 * 1024);
    }
}
