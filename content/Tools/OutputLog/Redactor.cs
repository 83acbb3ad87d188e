using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace ReWorker.Tools.OutputLog;

/// <summary>Keeps out of the files what must not be read there.</summary>
internal sealed class Redactor(IOptions<OutputWorkerOptions> options)
{
    private const string Redacted = "[redacted]";

    private readonly Regex[] _rules = [.. options.Value.Redactions.Select(Compile)];

    /// <summary>A message may have several lines; each stands for itself.</summary>
    public string Redact(string message) =>
        _rules.Length == 0 ? message : string.Join('\n', message.Split('\n').Select(line => IsSecret(line.TrimEnd('\r')) ? Redacted : line));

    private bool IsSecret(string line)
    {
        try
        {
            return _rules.Any(rule => rule.IsMatch(line));
        }
        catch (RegexMatchTimeoutException)
        {
            // nobody knows what it holds
            return true;
        }
    }

    internal static Regex Compile(string rule) => new(rule, RegexOptions.CultureInvariant, TimeSpan.FromMilliseconds(200));
}
