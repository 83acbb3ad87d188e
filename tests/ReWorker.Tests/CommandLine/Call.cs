using System.Text;
using ReWorker.Tools.CommandLine;

namespace ReWorker.Tests.CommandLine;

/// <summary>A call of the command line: its exit code and what it wrote.</summary>
internal sealed record Call(int Code, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<Call> Async(params string[] args) => WithInputAsync("", args);

    public static Task<Call> WithInputAsync(string input, params string[] args) =>
        WithOutputAsync(new StringWriter(), input, args);

    public static async Task<Call> WithOutputAsync(TextWriter output, string input, params string[] args)
    {
        using var error = new StringWriter();
        return await WithErrorAsync(error, output, input, args);
    }

    public static async Task<Call> WithErrorAsync(
        TextWriter error, TextWriter output, string input, params string[] args)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(input));
        var terminal = new Terminal(stream, output, error, isInteractive: false);
        var code = await WorkerCommand.RunAsync(args, static _ => { }, endpoints: null, terminal);
        return new Call(code, output.ToString()!, error.ToString()!);
    }
}
