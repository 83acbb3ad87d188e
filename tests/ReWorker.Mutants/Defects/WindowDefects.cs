namespace ReWorker.Mutants.Defects;

/// <summary>Defects in the window of unconfirmed messages.</summary>
internal static class WindowDefects
{
    public static DefectTable Table { get; } = new("Runtime/Publishing", ["ConfirmWindowTests"],
    [
        new("fills the window with one message too many", "ConfirmWindow.IsFull",
            "_next - _first == (ulong)_ring.Length", "_next - _first > (ulong)_ring.Length"),
        new("calls the window full with one message less", "ConfirmWindow.IsFull",
            "_next - _first == (ulong)_ring.Length", "_next - _first >= (ulong)_ring.Length - 1"),
        new("calls a window of two messages empty", "ConfirmWindow.IsEmpty",
            "_first == _next", "_first + 2 >= _next"),
        new("takes the newest message for the oldest", "ConfirmWindow.Oldest", "this[_first]", "this[_next - 1]"),
        new("gives every message the same number", "ConfirmWindow.Add",
            "_next++", "_next"),
        new("ignores that a confirm is for multiple messages", "ConfirmWindow.Take",
            "multiple ? _first : number", "number"),
        new("takes each confirm for multiple messages", "ConfirmWindow.Take",
            "multiple ? _first : number", "_first"),
        new("starts multiple messages with the second", "ConfirmWindow.Take",
            "multiple ? _first : number", "multiple ? _first + 1 : number"),
        new("leaves the last of multiple messages out", "ConfirmWindow.Take", "each <= number", "each < number"),
        new("takes a confirm for the message that uses the slot now", "ConfirmWindow.Take",
            "each >= _first", "true"),
        new("takes no confirm for the oldest message", "ConfirmWindow.Take", "each >= _first", "each > _first"),
        new("never confirms the newest message", "ConfirmWindow.Take", "each < _next", "each < _next - 1"),
        new("settles a message without a trace", "ConfirmWindow.Take", "into.Add(message);", ""),
        new("settles a message at each confirm of its number", "ConfirmWindow.Take", "this[each] = null;", ""),
        new("frees no room for what was confirmed", "ConfirmWindow.Take",
            "while (!IsEmpty && this[_first] is null) _first++;", ""),
        new("frees room for the oldest message only", "ConfirmWindow.Take",
            "while (!IsEmpty && this[_first] is null) _first++;", "if (!IsEmpty && this[_first] is null) _first++;"),
        new("frees the room of messages that are unconfirmed", "ConfirmWindow.Take",
            "!IsEmpty && this[_first] is null", "!IsEmpty"),
        new("looks for a returned message among all but the newest", "ConfirmWindow.Find",
            "each < _next", "each < _next - 1"),
        new("looks for a returned message among all but the oldest", "ConfirmWindow.Find",
            "for (var each = _first; each < _next; each++) { "
            + "if (this[each] is { Unroutable: false } message && message.Matches(routingKey, properties, body)) "
            + "return message; }",
            "for (var each = _first + 1; each < _next; each++) { "
            + "if (this[each] is { Unroutable: false } message && message.Matches(routingKey, properties, body)) "
            + "return message; }"),
        new("takes the second return of an id for the first message", "ConfirmWindow.Find",
            "for (var each = _first; each < _next; each++) { "
            + "if (this[each] is { Unroutable: false } message && message.Matches(routingKey, properties, body)) "
            + "return message; }",
            "for (var each = _first; each < _next; each++) { "
            + "if (this[each] is { } message && message.Matches(routingKey, properties, body)) return message; }"),
        new("takes any message for the one that was returned", "ConfirmWindow.Find",
            "message.Matches(routingKey, properties, body)", "true"),
    ]);
}
