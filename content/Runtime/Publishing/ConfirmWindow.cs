namespace ReWorker.Publishing;

/// <summary>The unconfirmed messages of a channel by sequence number, in a ring: a confirm needs no search.</summary>
internal sealed class ConfirmWindow
{
    private readonly PendingMessage?[] _ring = new PendingMessage?[1024];
    private ulong _first = 1;
    private ulong _next = 1;

    public bool IsFull => _next - _first == (ulong)_ring.Length;
    public bool IsEmpty => _first == _next;
    public PendingMessage? Oldest => IsEmpty ? null : this[_first];

    private ref PendingMessage? this[ulong number] => ref _ring[number % (ulong)_ring.Length];

    public void Add(PendingMessage message) => this[_next++] = message;

    /// <summary>Takes out the message with the number; with <paramref name="multiple"/>, all up to it.</summary>
    public void Take(ulong number, bool multiple, List<PendingMessage> into)
    {
        for (var each = multiple ? _first : number; each <= number && each >= _first && each < _next; each++)
        {
            if (this[each] is not { } message) continue;
            into.Add(message);
            this[each] = null;
        }
        while (!IsEmpty && this[_first] is null) _first++;
    }

    /// <summary>Finds the message that the broker has returned.</summary>
    public PendingMessage? Find(string routingKey, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        for (var each = _first; each < _next; each++)
        {
            if (this[each] is { Unroutable: false } message && message.Matches(routingKey, properties, body))
                return message;
        }
        return null;
    }
}
