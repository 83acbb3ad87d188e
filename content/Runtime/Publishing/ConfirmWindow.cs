using RabbitMQ.Client;

namespace ReWorker.Publishing;

/// <summary>The messages written on one channel and not confirmed, by sequence number: a ring, so that a confirm costs no search.</summary>
internal sealed class ConfirmWindow
{
    private readonly PendingMessage?[] _ring = new PendingMessage?[1024];
    private ulong _first = 1;
    private ulong _next = 1;

    public bool IsFull => _next - _first == (ulong)_ring.Length;

    public PendingMessage? Oldest => _first < _next ? this[_first] : null;

    private ref PendingMessage? this[ulong number] => ref _ring[number % (ulong)_ring.Length];

    public void Add(PendingMessage message) => this[_next++] = message;

    /// <summary>Takes out the message with the number, or all up to it.</summary>
    public void Take(ulong number, bool multiple, List<PendingMessage> into)
    {
        for (var each = multiple ? _first : number; each <= number && each >= _first && each < _next; each++)
        {
            if (this[each] is not { } message) continue;
            into.Add(message);
            this[each] = null;
        }
        while (_first < _next && this[_first] is null) _first++;
    }

    /// <summary>The message that the broker has returned.</summary>
    public PendingMessage? Find(string routingKey, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        for (var each = _first; each < _next; each++)
            if (this[each] is { Unroutable: false } message && message.Is(routingKey, properties, body)) return message;
        return null;
    }

    public List<PendingMessage> TakeAll()
    {
        var all = new List<PendingMessage>();
        if (_next > _first) Take(_next - 1, multiple: true, all);
        return all;
    }
}
