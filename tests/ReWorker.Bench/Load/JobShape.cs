using System.Text;

namespace ReWorker.Bench.Load;

/// <summary>What each job of a phase asks for.</summary>
/// <param name="Lines">Lines of output.</param>
/// <param name="Bytes">The body's size, padded with a parameter that nobody reads; 0 for as small as it is.</param>
/// <param name="Seconds">How long the step sleeps.</param>
internal readonly record struct JobShape(int Lines, int Bytes = 0, double Seconds = 0)
{
    public byte[] Body()
    {
        var bare = Text("");
        return Encoding.UTF8.GetBytes(Bytes <= bare.Length ? bare : Text(new string('x', Bytes - bare.Length)));
    }

    private string Text(string padding) => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $$$"""{"group":"bench","parameters":{"command":"bench","subcommand":"Run","hosts":["a.example.com"],"lines":{{{Lines}}},"seconds":{{{Seconds}}},"padding":"{{{padding}}}"},"dynamic":{"environment":"dev"},"notify":{}}""");
}
