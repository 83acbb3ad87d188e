using System.Diagnostics;
using System.Globalization;
using ReWorker.Bench.Running;

namespace ReWorker.Bench.Images;

/// <summary>A scaffolded step with its image and its compose project.</summary>
internal sealed class StepImage
{
    public const string Service = "mystep";

    private readonly string _name;
    private readonly string _composeFile;

    private StepImage(string name, string folder) =>
        (_name, _composeFile) = (name, Path.Combine(folder, "docker-compose.yml"));

    public static async Task<StepImage> BuildAsync(Workspace work, bool isNative)
    {
        var kind = isNative ? "native" : "jit";
        Console.WriteLine($"Building the image ({kind})");
        var folder = work.At($"scaffold-{kind}");
        string[] hive = ["--debug:custom-hive", work.At($"hive-{kind}")];
        string[] options = isNative ? ["--no-restore", "--aot"] : ["--no-restore"];
        await Command.RunAsync("dotnet", ["new", "install", Repository.Root, .. hive]);
        await Command.RunAsync("dotnet", ["new", "reworker", "-n", "MyStep", "-o", folder, .. options, .. hive]);

        var image = new StepImage($"reworker-bench-{kind}-{work.Id}", folder);
        // with port 0, the system chooses a free port
        await File.WriteAllTextAsync(
            Path.Combine(folder, ".env"), $"STEP_IMAGE={image._name}\nRABBITMQ_PORT=0\nRABBITMQ_MANAGEMENT_PORT=0\n");
        work.RemoveWith("docker", "image", "rm", image._name);
        work.RemoveWith(["docker", .. image.Compose("down", "--volumes", "--remove-orphans")]);
        await image.ComposeAsync("build", Service);
        return image;
    }

    public async Task<double> MegabytesAsync()
    {
        var bytes = await Command.RunAsync("docker", "image", "inspect", "-f", "{{.Size}}", _name);
        return double.Parse(bytes, CultureInfo.InvariantCulture) / 1e6;
    }

    public Task<string> ComposeAsync(params string[] arguments) => Command.RunAsync("docker", Compose(arguments));

    /// <summary>Starts <c>docker compose</c> without waiting for its end. The caller reads its output.</summary>
    public Process Start(params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo("docker", Compose(arguments))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Reads a value of the step's container with <c>docker inspect</c>.</summary>
    public async Task<string> InspectAsync(string format) =>
        await Command.RunAsync(
            "docker", "inspect", "-f", format, await ComposeAsync("ps", "--all", "--quiet", Service));

    private string[] Compose(params string[] arguments) =>
        ["compose", "--progress", "quiet", "--project-name", _name, "--file", _composeFile, .. arguments];
}
