using ReWorker.Wire.Telemetry;
using Spectre.Console;

namespace ReWorker.Tools.CommandLine;

/// <summary>Where a verb reads and writes. Colour and movement only where a person watches.</summary>
internal sealed class Terminal(Stream input, TextWriter output, TextWriter error, bool isRich)
{
    private readonly Lock _gate = new();
    private readonly IAnsiConsole? _lines = isRich ? Lines(output) : null;

    public static Terminal OfProcess() => new(
        Console.OpenStandardInput(), Console.Out, Console.Error,
        !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not "dumb");

    public Stream Input => input;

    /// <summary>For what moves; null where plain lines are wanted.</summary>
    public IAnsiConsole? Rich { get; } = isRich ? Moving(output) : null;

    public void Error(string line)
    {
        lock (_gate) error.WriteLine(Printable.OneLine(line));
    }

    /// <summary>One line of parts, each with its colour. The text is a stranger's: it is escaped here.</summary>
    public void Line(params ReadOnlySpan<(string Text, Color Color)> parts)
    {
        lock (_gate)
        {
            if (_lines is null)
            {
                foreach (var (text, _) in parts) output.Write(Printable.OneLine(text));
                output.WriteLine();
            }
            else
            {
                var paragraph = new Paragraph();
                foreach (var (text, color) in parts) paragraph.Append(Printable.OneLine(text), new Style(color));
                _lines.Write(paragraph);
                _lines.WriteLine();
            }
        }
    }

    public void Line(string text) => Line((text, Color.Default));

    /// <summary>For machines: as it is.</summary>
    public void Raw(string line)
    {
        lock (_gate) output.WriteLine(line);
    }

    private static IAnsiConsole Moving(TextWriter output) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });

    /// <summary>The terminal wraps long lines by itself, and a copied line stays one.</summary>
    private static IAnsiConsole Lines(TextWriter output)
    {
        var console = Moving(output);
        console.Profile.Width = int.MaxValue / 4;
        return console;
    }
}
