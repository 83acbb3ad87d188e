using System.Globalization;
using System.Text;

namespace ReWorker.Bench.Load;

/// <summary>The work of each job in a phase.</summary>
/// <param name="Lines">The number of lines of output.</param>
/// <param name="Bytes">The size to which an unused parameter pads the body. 0 means no padding.</param>
/// <param name="Seconds">How long the step sleeps.</param>
internal readonly record struct JobShape(int Lines, int Bytes = 0, double Seconds = 0)
{
    public byte[] Body()
    {
        var unpadded = Text("");
        return Encoding.UTF8.GetBytes(
            Bytes <= unpadded.Length ? unpadded : Text(new string('x', Bytes - unpadded.Length)));
    }

    private string Text(string padding) => string.Create(
        CultureInfo.InvariantCulture,
        $$$"""
        {"group":"bench",
        "parameters":{"command":"bench","subcommand":"Run","hosts":["a.example.com"],"lines":{{{Lines}}},
        "seconds":{{{Seconds}}},"padding":"{{{padding}}}"},"dynamic":{"environment":"dev"},"notify":{}}
        """);
}
