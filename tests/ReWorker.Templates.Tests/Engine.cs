namespace ReWorker.Templates.Tests;

/// <summary>The Docker engine, where there is one.</summary>
internal static class Engine
{
    // not on the tests' own threads, which may all be waiting for this
    private static readonly Lazy<bool> Answers = new(() => Task.Run(ContainerBroker.HasEngineAsync).Result);

    public static void Needed() => Assert.SkipUnless(Answers.Value, "needs a Docker engine");

    /// <summary>Names and ports that collide with nothing that runs here.</summary>
    public static Dictionary<string, string> Apart()
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
