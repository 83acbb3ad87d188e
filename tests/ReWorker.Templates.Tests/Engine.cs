namespace ReWorker.Templates.Tests;

/// <summary>The Docker engine, if this machine has one.</summary>
internal static class Engine
{
    // on another thread than the tests' own, which may all be waiting for the answer
    private static readonly Lazy<bool> IsAvailable = new(() => Task.Run(ContainerBroker.HasEngineAsync).Result);

    public static void SkipUnlessAvailable() => Assert.SkipUnless(IsAvailable.Value, "needs a Docker engine");

    /// <summary>Names and ports that collide with nothing that runs on this machine.</summary>
    public static Dictionary<string, string> UniqueEnvironment()
    {
        var name = $"reworker-test-{Guid.NewGuid():N}"[..24];
        return new Dictionary<string, string>
        {
            ["COMPOSE_PROJECT_NAME"] = name,
            ["STEP_IMAGE"] = name,
            ["RABBITMQ_PORT"] = "0",
            ["RABBITMQ_MANAGEMENT_PORT"] = "0",
        };
    }
}
