namespace ReWorker.Wire.Telemetry;

/// <summary>
/// Untrusted text as a value in the log. A log method that declares a parameter with this type escapes it, so that its
/// callers can't forget to.
/// </summary>
internal readonly record struct Untrusted(string? Text)
{
    public static implicit operator Untrusted(string? text) => new(text);

    public override string ToString() => Printable.ForLog(Text);
}
