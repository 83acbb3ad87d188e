namespace ReWorker.Wire.Telemetry;

/// <summary>Untrusted text as a value in the log: on one line, and cut to 200 characters.</summary>
/// <remarks>A log method that declares a parameter with this type escapes it; its callers can't forget to.</remarks>
internal readonly record struct Untrusted(string? Text)
{
    private const int MaxLength = 200;

    public static implicit operator Untrusted(string? text) => new(text);

    public override string ToString() => Text switch
    {
        null => "(none)",
        { Length: > MaxLength } => Printable.OneLine(Text[..MaxLength]) + "…",
        _ => Printable.OneLine(Text),
    };
}
