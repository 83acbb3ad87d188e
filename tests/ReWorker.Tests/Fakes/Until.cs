namespace ReWorker.Tests.Fakes;

/// <summary>Waits for what happens on other threads.</summary>
internal static class Until
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string what = "the condition")
    {
        for (var deadline = DateTime.UtcNow + Limit; !condition(); await Task.Delay(1))
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"{what} did not become true in {Limit}");
    }
}
