namespace ReWorker.Bench.Running;

/// <summary>Publishes the step that the benchmark measures.</summary>
internal static class StepBuild
{
    private const string Name = "ReWorker.Bench.Step";

    /// <summary>Publishes the step as in the ordinary image.</summary>
    public static Task<string> PublishAsync(Workspace work) =>
        PublishAsync(work.At("jit"), "--self-contained", "false", "-p:PublishReadyToRun=true");

    /// <summary>Publishes the step compiled ahead of time. Returns null without a C compiler, which links it.</summary>
    public static async Task<string?> PublishNativeAsync(Workspace work)
    {
        if (OperatingSystem.IsLinux() && (await HasAsync("clang") || await HasAsync("gcc")))
            return await PublishAsync(work.At("native"), "-p:PublishAot=true");
        Console.WriteLine("No C compiler was found: the native worker is skipped");
        return null;
    }

    private static async Task<string> PublishAsync(string folder, params string[] options)
    {
        Console.WriteLine($"Publishing the worker ({Path.GetFileName(folder)})");
        await Command.RunAsync("dotnet", ["publish", Repository.At("tests", Name), "-c", "Release", "-o", folder,
            "-nologo", "-v", "q", "--use-current-runtime", .. options]);
        return Path.Combine(folder, Name);
    }

    private static async Task<bool> HasAsync(string compiler) =>
        (await Command.TryAsync(compiler, "--version")).ExitCode == 0;
}
