namespace ReWorker.Tools.CommandLine;

/// <summary>A verb's input and output: colours and progress bars in a terminal, plain lines elsewhere.</summary>
internal sealed class Terminal(Stream input, TextWriter output, TextWriter error, bool isInteractive)
{
    private readonly Lock _gate = new();
    private readonly IAnsiConsole? _console = isInteractive ? CreateConsole(output, wrapsLines: false) : null;

    public static Terminal ForProcess() => new(
        Console.OpenStandardInput(),
        Console.Out,
        Console.Error,
        !Console.IsOutputRedirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") is not "dumb");

    public Stream Input => input;

    /// <summary>The console for a progress bar; null if the output is not a terminal.</summary>
    public IAnsiConsole? ProgressConsole { get; } = isInteractive ? CreateConsole(output, wrapsLines: true) : null;

    /// <summary>Puts text with several lines on one.</summary>
    public static string Flatten(string text) => text.ReplaceLineEndings(" ⏎ ");

    public void Error(string line)
    {
        lock (_gate) error.WriteLine(Printable.OneLine(line));
    }

    /// <summary>Writes one line. Control characters are escaped.</summary>
    public void Line(params ReadOnlySpan<Part> parts)
    {
        lock (_gate)
        {
            if (_console is null)
            {
                foreach (var part in parts) output.Write(Printable.OneLine(part.Text));
                output.WriteLine();
                return;
            }
            var paragraph = new Paragraph();
            foreach (var part in parts) paragraph.Append(Printable.OneLine(part.Text), new Style(part.Color));
            _console.Write(paragraph);
            _console.WriteLine();
        }
    }

    /// <summary>Writes a line of JSON for programs. What it escapes can only be in JSON's strings.</summary>
    public void Raw(string line)
    {
        lock (_gate) output.WriteLine(Printable.OneLine(line));
    }

    private static IAnsiConsole CreateConsole(TextWriter output, bool wrapsLines)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        // the terminal itself wraps long lines, and a line that is copied from it stays one line
        if (!wrapsLines) console.Profile.Width = int.MaxValue / 4;
        return console;
    }

    /// <summary>A part of a line, with its colour; a plain string has the terminal's own.</summary>
    internal readonly record struct Part(string Text, Color Color)
    {
        public static implicit operator Part(string text) => new(text, Color.Default);
        public static implicit operator Part((string Text, Color Color) part) => new(part.Text, part.Color);
    }
}
