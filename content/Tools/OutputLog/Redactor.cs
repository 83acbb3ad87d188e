namespace ReWorker.Tools.OutputLog;

/// <summary>Replaces the lines that the configured patterns match.</summary>
internal sealed class Redactor(IOptions<OutputWorkerOptions> options)
{
    private const string Redacted = "[redacted]";
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(200);

    private readonly Regex[] _patterns = [.. options.Value.Redactions
        .Select(pattern => new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout))];

    /// <summary>Redacts each line of a message on its own.</summary>
    public string Redact(string message) => _patterns.Length == 0
        ? message
        : string.Join('\n', message.Split('\n').Select(line => MustRedact(line.TrimEnd('\r')) ? Redacted : line));

    private bool MustRedact(string line)
    {
        try
        {
            return _patterns.Any(pattern => pattern.IsMatch(line));
        }
        catch (RegexMatchTimeoutException)
        {
            // it may match, so it is not written
            return true;
        }
    }
}
