using ReWorker.Tools.OutputLog;

namespace ReWorker.Tools.CommandLine;

/// <summary>Runs the output worker in a process of its own.</summary>
internal static class OutputVerb
{
    public static Command Create(string[] settings)
    {
        var command = new Command(
            "output", "Runs the output worker. It writes user output to OutputWorker:Directory, one file per release.");
        command.SetAction((_, cancel) => RunVerb.HostAsync(settings, 8081, OutputWorker.Add, endpoints: null, cancel));
        return command;
    }
}
