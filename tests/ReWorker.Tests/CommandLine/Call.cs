using System.Text;
using ReWorker.Tools.CommandLine;

namespace ReWorker.Tests.CommandLine;

/// <summary>One call of the command line, and what came of it.</summary>
internal sealed record Call(int Code, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<Call> Async(params string[] args) => WithInputAsync("", args);

    public static Task<Call> WithInputAsync(string input, params string[] args) => WithOutputAsync(new StringWriter(), input, args);

    public static async Task<Call> WithOutputAsync(TextWriter output, string input, params string[] args)
    {
        using var error = new StringWriter();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(input));
        var code = await WorkerCommand.RunAsync(args, static _ => { }, new Terminal(stream, output, error, isRich: false));
        return new Call(code, output.ToString()!, error.ToString());
    }
}
