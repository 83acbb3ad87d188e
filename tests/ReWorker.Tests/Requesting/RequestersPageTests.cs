using System.Diagnostics;
using System.Text.RegularExpressions;
using My.Step_1;
using ReWorker.Hosting;
using ReWorker.Tests.Contract;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>docs/requesters.md: what it shows is run, against the sample step.</summary>
public sealed class RequestersPageTests(PikaBus bus) : ContractTest(bus)
{
    private static readonly string Page = File.ReadAllText(Repository.At("docs", "requesters.md"));

    [Fact]
    public async Task Python_AsItStands_SeesTheJobThrough()
    {
        await using var worker = await StartStepAsync();

        var script = Block("python").Replace("worker.mystep", worker.Queue, StringComparison.Ordinal);
        var run = await RunAsync("/usr/bin/python3", script, "AMQP_URI");

        Assert.Equal(
            ["Frobbing frobd on a.example.com", "Done in 0 s", """completed {"hosts": 1, "seconds": 0}""", ""],
            run.StandardOutput.Split('\n'));
        Assert.Equal(("", 0), (run.StandardError, run.ExitCode));
    }

    [Fact]
    public async Task Shell_AsItStands_SeesTheJobThrough()
    {
        await using var worker = await StartStepAsync();
        var submit = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "My.Step-1.dll")}' submit --queue {worker.Name}";

        var script = Block("bash").Replace("./MyStep submit", submit, StringComparison.Ordinal);
        var run = await RunAsync("bash", script, "ConnectionStrings__rabbitmq");

        Assert.Matches("^.*\"hosts\":1.*\n$", run.StandardOutput);
        Assert.Equal(("", 0), (run.StandardError, run.ExitCode));
    }

    [Fact]
    public async Task DotNet_AsItStands_SeesTheJobThrough()
    {
        await using var worker = await StartStepAsync();

        var written = await RequestersPageExamples.RunAsync(Bus.Amqp.AbsoluteUri, worker.Name, Cancel);

        const string completed = """completed: {"hosts":1,"seconds":0}""";
        Assert.Equal(["Frobbing frobd on a.example.com", "Done in 0 s", completed, "1 hosts in 0 s"], written);
    }

    private Task<RunningWorker> StartStepAsync() =>
        RunningWorker.StartAsync(Bus, host => host.AddWorker<MyStep1Worker>(MyStep1Json.Default), Cancel);

    private static string Block(string language) =>
        Regex.Match(Page, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;

    /// <summary>Runs the text as a script, in a folder of its own.</summary>
    private async Task<CommandResult> RunAsync(string interpreter, string script, string uriVariable)
    {
        var folder = Directory.CreateTempSubdirectory("reworker-page-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "script"), script, Cancel);
            var start = new ProcessStartInfo(interpreter, ["script"]) { WorkingDirectory = folder.FullName };
            start.Environment[uriVariable] = Bus.Amqp.AbsoluteUri;
            return await Command.TryAsync(start, cancel: Cancel);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
