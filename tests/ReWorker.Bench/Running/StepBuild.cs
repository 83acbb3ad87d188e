namespace ReWorker.Bench.Running;

/// <summary>Publishes the step that the bench measures.</summary>
internal static class StepBuild
{
    private const string Name = "ReWorker.Bench.Step";

    /// <summary>Compiled as in the ordinary image.</summary>
    public static Task<string> PublishAsync(Workspace work) =>
        PublishAsync(work.At("jit"), "--self-contained", "false", "-p:PublishReadyToRun=true");

    /// <summary>Compiled ahead of time; null on a machine without a C compiler to link it.</summary>
    public static async Task<string?> PublishNativeAsync(Workspace work)
    {
        if (OperatingSystem.IsLinux() && (await HasAsync("clang") || await HasAsync("gcc")))
            return await PublishAsync(work.At("native"), "-p:PublishAot=true");
        Console.WriteLine("No C compiler: the native worker is left out");
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
