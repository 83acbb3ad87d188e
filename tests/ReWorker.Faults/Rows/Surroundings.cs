using System.Diagnostics;
using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>The machine gives the worker less than it wants: no log, no disk, no memory.</summary>
internal static class Surroundings
{
    public static Fault[] Rows { get; } =
    [
        LogGone("stdout-full", "standard output and error are a full device", ">/dev/full 2>&1"),

        LogGone("stdout-closed", "standard output and error are closed", ">&- 2>&-"),

        new(
            "output-disk-full",
            "the output worker's disk is full while a job writes output; 6 s later there is room again")
        {
            Remedy = [Remedies.LineKept],
            StartsWorker = false,
            Inject = FillDiskAsync,
            CleanWithin = 5,
        },

        new(
            "restricted-container",
            "docker run --read-only, UID 1654, no capabilities, 64 MiB, half a CPU; connections are reset under load")
        {
            IsQuick = false,
            NeedsContainer = true,
            NoRemedy = "the worker writes nothing and needs little",
            StartsWorker = false,
            Inject = async bench =>
            {
                var name = $"{bench.VHost}-worker";
                bench.Undo(() => Command.TryAsync("docker", "rm", "-f", name));
                bench.StartWorker(start => InContainer(start, name, Path.GetDirectoryName(bench.Program)!));
                await bench.ReadyAsync(within: 45);
                await bench.SendManyAsync(100, seconds: 0.05);
                bench.Proxy.Reset();
                bench.Then(() => bench.StopWorkerAsync(within: 30));
            },
            RecoversWithin = 30,
            CleanWithin = 30,
            IsRestarted = true,
        },
    ];

    private static Fault LogGone(string name, string how, string redirection) => new(name, how)
    {
        NoRemedy = "the console logger ignores write errors",
        StartsWorker = false,
        Inject = async bench =>
        {
            bench.StartWorker(start =>
            {
                start.ArgumentList.Clear();
                start.ArgumentList.Add("-c");
                start.ArgumentList.Add($"exec {bench.Program} worker {redirection}");
                start.FileName = "sh";
                return start;
            });
            await bench.ReadyAsync(within: 30);
            await bench.SendManyAsync(10, seconds: 0.1);
            bench.Proxy.Reset();
        },
    };

    private static async Task FillDiskAsync(Bench bench)
    {
        var folder = bench.TempFolder();
        var output = bench.StartWorker(
            start => OwnMounts.SmallDisk(start, folder, bench.Program), ("OutputWorker:Directory", folder));
        await bench.ReadyAsync(within: 30);
        await bench.WarmUpAsync();
        // its disk, seen from outside
        var disk = $"/proc/{output.Id}/root{folder}";
        var filler = Path.Combine(disk, "filler");
        await File.WriteAllBytesAsync(filler, new byte[64 * 1024]);

        var job = await bench.SendAsync("talk", seconds: 2);
        await UntilAsync("said that a line was not written", 15, () => output.HasLogged("Could not write a line"));
        await CompletedAsync(job, within: 10);
        await Task.Delay(6000);
        File.Delete(filler);
        bench.Over();
        await UntilAsync("written", 20, () => Lines().Length >= job.Output.Count);
        Check(
            Lines().SequenceEqual(Enumerable.Range(0, 20).Select(line => $"line {line}")),
            $"written: {string.Join(", ", Lines())}");

        string[] Lines() => [.. Directory.GetFiles(disk, "*.log").SelectMany(File.ReadAllLines)];
    }

    private static ProcessStartInfo InContainer(ProcessStartInfo start, string name, string folder)
    {
        string[] limits =
        [
            "--read-only", "--user", "1654:1654", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--memory", "64m", "--memory-swap", "64m", "--cpus", "0.5",
        ];
        var variables = start.Environment
            .Where(one => one.Key.Contains("__", StringComparison.Ordinal)
                || one.Key.StartsWith("ASPNETCORE", StringComparison.Ordinal))
            .SelectMany(one => new[] { "-e", $"{one.Key}={one.Value}" });
        string[] program =
        [
            "-e", "DOTNET_RUNNING_IN_CONTAINER=true", "-v", $"{folder}:/app:ro", "-w", "/app", "--entrypoint", "dotnet",
            "mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled", "ReWorker.Faults.dll", "worker",
        ];
        string[] run = ["run", "--rm", "--name", name, "--network", "host", .. limits, .. variables, .. program];
        return new("docker", run) { RedirectStandardOutput = true, RedirectStandardError = true };
    }
}
