using System.Diagnostics;
using System.Globalization;

namespace ReWorker.Faults.Rows;

internal sealed class RestrictedContainer() : Fault("restricted-container", "docker run --read-only, UID 1654, no capabilities, 64 MiB, half a CPU; connections reset under load")
{
    public override bool IsQuick => false;

    public override bool NeedsContainer => true;

    public override string NoRemedy => "nothing is written and little is used";

    public override async Task RunAsync(Bench bench)
    {
        var name = $"{bench.VHost}-worker";
        bench.Undo(() => Command.TryAsync("docker", "rm", "-f", name));
        bench.Requester.Start();
        bench.StartWorker(start =>
        {
            var run = new ProcessStartInfo("docker") { RedirectStandardOutput = true, RedirectStandardError = true };
            string[] limits = ["run", "--rm", "--name", name, "--network", "host", "--read-only", "--user", "1654:1654", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "64m", "--memory-swap", "64m", "--cpus", "0.5"];
            foreach (var word in limits) run.ArgumentList.Add(word);
            foreach (var (key, value) in start.Environment.Where(one => one.Key.Contains("__", StringComparison.Ordinal) || one.Key.StartsWith("ASPNETCORE", StringComparison.Ordinal)))
            {
                run.ArgumentList.Add("-e");
                run.ArgumentList.Add($"{key}={value}");
            }
            string[] command = ["-e", "DOTNET_RUNNING_IN_CONTAINER=true", "-v", $"{Path.GetDirectoryName(bench.Program)}:/app:ro", "-w", "/app", "--entrypoint", "dotnet", "mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled", "ReWorker.Faults.dll", "worker"];
            foreach (var word in command) run.ArgumentList.Add(word);
            return run;
        });
        await bench.ReadyAsync(TimeSpan.FromSeconds(45));
        await bench.SendManyAsync(100, seconds: 0.05);
        bench.Proxy.Reset();
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(30));
        await bench.CleanAsync(TimeSpan.FromSeconds(30), restarted: true);
        await bench.Worker.SignalAsync("TERM");
        Bench.Check(await bench.Worker.ExitAsync(TimeSpan.FromSeconds(30)) == 0, "not exit status 0");
    }
}

internal sealed class SecretRotated() : Fault("secret-rotated", "the password is in /run/secrets; change_password and close; 3 s later the file has the new one")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.FreshSecrets];

    public override async Task RunAsync(Bench bench)
    {
        var folder = Directory.CreateTempSubdirectory();
        bench.Undo(() => { folder.Delete(recursive: true); return Task.CompletedTask; });
        var file = Path.Combine(folder.FullName, "Broker__Password");
        await File.WriteAllTextAsync(file, bench.Password);
        bench.Requester.Start();
        bench.StartWorker(start => OwnMounts.Secrets(start, folder.FullName, bench.Program), Set("Broker:Password", "s3cr3t-not-used"));
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.Broker.ControlAsync("change_password", bench.User, "s3cr3t-rotated");
        await bench.Broker.ControlAsync("close_all_connections", "--vhost", bench.VHost, "chaos");
        await bench.UntilSaidAsync("refuses the user name or the password", TimeSpan.FromSeconds(30));
        await Task.Delay(3000);
        await File.WriteAllTextAsync(file, "s3cr3t-rotated");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(15));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class Tls() : Fault("tls", "certificate expired, for another name, of an unknown authority, a plaintext port; then a good one")
{
    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Broker:Ssl", "false")];

    public override async Task RunAsync(Bench bench)
    {
        using var certificates = new Certificates();
        var authority = Path.GetTempFileName();
        bench.Undo(() => { File.Delete(authority); return Task.CompletedTask; });
        await File.WriteAllTextAsync(authority, certificates.AuthorityPem);
        bench.Requester.Start();
        await using var front = new TlsFront(bench.Broker.Nodes[0]);
        WorkerProcess Start(int port) => bench.StartWorker(
            Set("Broker:Ssl", "true"), Set("Broker:CaFile", authority), Set("Broker:Server", "localhost"), Set("Broker:Port", port.ToString(CultureInfo.InvariantCulture)));

        foreach (var certificate in new[] { certificates.Expired, certificates.OtherName, certificates.OtherAuthority })
        {
            front.Certificate = certificate;
            var refusing = Start(front.Port);
            await bench.UntilSaidAsync("Could not connect", TimeSpan.FromSeconds(30));
            await Task.Delay(1000);
            Bench.Check(front.Passed == 0, "it talked to a broker that it must not trust");
            Bench.Check(bench.Worker.HasLogged("certificate"), "the log does not say that it is the certificate");
            await refusing.DisposeAsync();
        }
        var plain = Start(bench.Proxy.Port);
        await bench.UntilSaidAsync("Could not connect", TimeSpan.FromSeconds(30));
        Bench.Check(bench.Worker.HasLogged("does not speak it"), "the log does not say that there is no TLS");
        await bench.UnreadyAsync("ready, over a plaintext port");
        await plain.DisposeAsync();

        front.Certificate = certificates.Good;
        Start(front.Port);
        bench.Over();
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5), restarted: true);
    }
}

internal sealed class OutputDiskFull() : Fault("output-disk-full", "the output worker's disk is full while a job talks; 6 s later there is room again")
{
    public override IReadOnlyList<Mutant> Remedy => [Mutants.LineKept];

    public override async Task RunAsync(Bench bench)
    {
        var folder = Directory.CreateTempSubdirectory();
        bench.Undo(() => { folder.Delete(recursive: true); return Task.CompletedTask; });
        var output = bench.StartWorker(start => OwnMounts.SmallDisk(start, folder.FullName, bench.Program), Set("OutputWorker:Directory", folder.FullName));
        await bench.ReadyAsync(TimeSpan.FromSeconds(30));
        await bench.WarmUpAsync();
        // its disk, seen from outside
        var disk = $"/proc/{output.Id}/root{folder.FullName}";
        var filler = Path.Combine(disk, "filler");
        await File.WriteAllBytesAsync(filler, new byte[64 * 1024]);

        var job = await bench.SendAsync("talk", seconds: 2);
        await Bench.UntilAsync("said that a line can't be written", TimeSpan.FromSeconds(15), () => Task.FromResult(output.HasLogged("A line can't be written")));
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(10));
        await Task.Delay(6000);
        File.Delete(filler);
        bench.Over();
        string[] Lines() => [.. Directory.GetFiles(disk, "*.log").SelectMany(File.ReadAllLines)];
        await Bench.UntilAsync("written", TimeSpan.FromSeconds(20), () => Task.FromResult(Lines().Length >= job.Output.Count));
        Bench.Check(Lines().SequenceEqual(Enumerable.Range(0, 20).Select(line => $"line {line}")), $"written: {string.Join(", ", Lines())}");
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}
