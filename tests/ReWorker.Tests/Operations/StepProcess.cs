namespace ReWorker.Tests.Operations;

/// <summary>Starts the sample step in its own process.</summary>
internal static class StepProcess
{
    /// <summary>Starts the step and waits until its log has a text.</summary>
    public static async Task<WorkerProcess> StartAsync(string until, params (string Key, string Value)[] settings)
    {
        var step = Start([], settings);
        await step.WaitForLogAsync(until);
        return step;
    }

    // started in the background of a script, it would ignore SIGINT
    public static WorkerProcess Start(string[] arguments, params (string Key, string Value)[] settings) => new(
        "env",
        ["--default-signal=INT,QUIT", "dotnet", Path.Combine(AppContext.BaseDirectory, "My.Step-1.dll"), .. arguments],
        settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)));
}
