using System.Globalization;
using System.Text;
using Spectre.Console;

namespace ReWorker.CommandLine;

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
    public IAnsiConsole? Rich { get; } = isRich ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }) : null;

    public void Error(string line)
    {
        lock (_gate) error.WriteLine(Printable(line));
    }

    /// <summary>One line of parts, each with its colour. The text is a stranger's: it is escaped here.</summary>
    public void Line(params ReadOnlySpan<(string Text, string Style)> parts)
    {
        lock (_gate)
        {
            if (_lines is null)
            {
                foreach (var (text, _) in parts) output.Write(Printable(text));
                output.WriteLine();
            }
            else
            {
                var paragraph = new Paragraph();
                foreach (var (text, style) in parts) paragraph.Append(Printable(text), Style.Parse(style));
                _lines.Write(paragraph);
                _lines.WriteLine();
            }
        }
    }

    public void Line(string text) => Line((text, ""));

    /// <summary>For machines: as it is.</summary>
    public void Raw(string line)
    {
        lock (_gate) output.WriteLine(line);
    }

    /// <summary>No control character reaches the terminal, nor what turns the direction of writing or breaks the line.</summary>
    public static string Printable(string text)
    {
        if (!text.Any(IsUnsafe)) return text;
        var line = new StringBuilder(text.Length + 16);
        foreach (var one in text)
        {
            if (IsUnsafe(one)) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)one:x4}");
            else line.Append(one);
        }
        return line.ToString();
    }

    /// <summary>The terminal wraps long lines by itself, and a copied line stays one.</summary>
    private static IAnsiConsole Lines(TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = int.MaxValue / 4;
        return console;
    }

    private static bool IsUnsafe(char one) =>
        (char.IsControl(one) && one is not '\t')
        || one is '\u061C' or '\u200E' or '\u200F' or '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
