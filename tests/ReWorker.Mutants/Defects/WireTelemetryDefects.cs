namespace ReWorker.Mutants.Defects;

/// <summary>What the log and the traces show.</summary>
internal static class WireTelemetryDefects
{
    public static DefectTable Table { get; } = new("Wire/Telemetry", ["PrintableTests", "SpanTests"],
    [
        new("escapes tabs", "Printable.IsUnsafe", "character is not '\\t'", "true"),
        new("escapes only control characters", "Printable.IsUnsafe",
            "character is '\\u061C' or '\\u200E' or '\\u200F' or '\\u2028' or '\\u2029'", "false"),
        new("lets text be reordered", "Printable.IsUnsafe",
            "character is (>= '\\u202A' and <= '\\u202E') or (>= '\\u2066' and <= '\\u2069')", "false"),
        new("lets isolates through", "Printable.IsUnsafe",
            "character is (>= '\\u202A' and <= '\\u202E') or (>= '\\u2066' and <= '\\u2069')",
            "character is >= '\\u202A' and <= '\\u202E'"),
        new("misses the last override", "Printable.IsUnsafe",
            "character is (>= '\\u202A' and <= '\\u202E') or (>= '\\u2066' and <= '\\u2069')",
            "character is (>= '\\u202A' and < '\\u202E') or (>= '\\u2066' and <= '\\u2069')"),
        new("escapes the whole text", "Printable.Escape", "IsUnsafe(character)", "true"),
        new("drops what is unsafe", "Printable.Escape", "$\"\\\\u{(int)character:x4}\"", "\"\""),
        new("escapes a text only if all of it is unsafe", "Printable.OneLine", "text.Any(IsUnsafe)",
            "text.All(IsUnsafe)"),
        new("logs untrusted text as it is", "Untrusted.ToString", "Printable.OneLine(Text)", "Text"),
        new("logs long untrusted text as it is", "Untrusted.ToString", "Printable.OneLine(Text[..MaxLength])",
            "Text[..MaxLength]"),
        new("logs untrusted text of any length", "Untrusted.ToString", "Text[..MaxLength]", "Text"),
        new("calls the sender of a job its receiver", "Traces.StartSend", "ActivityKind.Producer",
            "ActivityKind.Consumer"),
        new("swaps message and conversation", "Traces.StartSend", "messageId", "correlationId"),
        new("starts a new trace for each command", "Traces.StartCommand",
            "command.SetParentId(caller.TraceId, caller.SpanId, caller.TraceFlags);", ""),
        new("records what the caller does not", "Traces.StartCommand", "caller.TraceFlags",
            "ActivityTraceFlags.Recorded"),
        new("does not record a new trace", "Traces.StartCommand", "ActivityTraceFlags.Recorded",
            "ActivityTraceFlags.None"),
    ]);
}
