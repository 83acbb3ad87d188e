namespace ReWorker.Tests.Fakes;

/// <summary>Waits for what happens on other threads.</summary>
internal static class Until
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <param name="within">Default: <see cref="Limit"/>.</param>
    public static async Task TrueAsync(
        Func<bool> condition, string what = "the condition", TimeSpan? within = null)
    {
        var limit = within ?? Limit;
        for (var deadline = DateTime.UtcNow + limit; !condition(); await Task.Delay(1))
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"{what} did not become true in {limit}");
    }
}
