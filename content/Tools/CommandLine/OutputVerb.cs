using System.CommandLine;
using ReWorker.Tools.OutputLog;

namespace ReWorker.Tools.CommandLine;

/// <summary>The output worker, in a process of its own.</summary>
internal static class OutputVerb
{
    public static Command Create(string[] settings)
    {
        var command = new Command("output", "Runs the output worker: it writes what users are told into OutputWorker:Directory, a file a release.");
        command.SetAction((_, cancel) => RunVerb.HostAsync(settings, 8081, OutputWorker.Add, cancel));
        return command;
    }
}
