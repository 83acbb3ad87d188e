namespace ReWorker.Wire.Telemetry;

/// <summary>
/// Text from outside as the value of a log record: on one line, without control characters, at most 200 characters.
/// Log methods declare such parameters with this type, so that no caller can forget to escape them.
/// </summary>
internal readonly record struct Untrusted(string? Text)
{
    public static implicit operator Untrusted(string? text) => new(text);

    public override string ToString() => Printable.ForLog(Text);
}
