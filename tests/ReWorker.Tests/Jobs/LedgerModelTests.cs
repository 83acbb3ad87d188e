using RabbitMQ.Client;
using ReWorker.Deliveries;
using Xunit;

namespace ReWorker.Tests.Jobs;

/// <summary>
/// Equal jobs, lost connections and lost acknowledgements in random orders: each job runs once, and none is lost.
/// </summary>
public sealed class LedgerModelTests
{
    private const int Keys = 3;
    private const int Messages = 12;

    private readonly Ledger _ledger = new();
    private readonly List<Message> _queue = [];
    private readonly Queue<InFlightJob> _waiting = [];
    private readonly List<InFlightJob> _running = [];
    private readonly int[] _runs = new int[Keys];
    private Random _random = null!;
    private JobBus _bus = new();
    private int _processed;
    private ulong _tag;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Jobs_ConnectionsAreLost_RunOnceEach(int seed)
    {
        _random = new Random(seed);
        _queue.AddRange(Enumerable.Range(0, Messages).Select(i => new Message(i % Keys)));
        Action[] actions = [Deliver, Deliver, Start, Start, End, AcknowledgeEarly, Process, Process, Sweep, Lose];
        for (var step = 0; step < 150; step++) actions[_random.Next(actions.Length)]();
        for (var step = 0; step < 20 * Messages; step++)
        {
            Deliver();
            Start();
            End();
            Process();
        }

        Assert.All(_queue, message => Assert.Equal(Place.Gone, message.Place));
        Assert.Equal(Enumerable.Repeat(Messages / Keys, Keys), _runs);
        Assert.Empty(_ledger.TakeUnstarted());
    }

    private void Deliver()
    {
        if (Pick(_queue.Where(message => message.Place is Place.Ready)) is not { } message) return;
        message.Place = Place.Delivered;
        var info = new DeliveryInfo("tag", ++_tag, message.IsRedelivered, "re", "worker.frob");
        message.Delivery = new Delivery(_bus, info, new BasicProperties(), [(byte)message.Key]);
        if (_ledger.Register(message.Delivery, out _)) _waiting.Enqueue(message.Delivery.Job!);
    }

    private void Start()
    {
        if (!_waiting.TryDequeue(out var job) || !job.TryStart()) return;
        _runs[job.Delivery.Body[0]]++;
        _running.Add(job);
    }

    private void End()
    {
        if (Pick(_running) is not { } job) return;
        _running.Remove(job);
        job.MarkEnding();
        job.Complete(Settlement.Ack);
    }

    private void AcknowledgeEarly() => Pick(_running)?.TrySettle(Settlement.Ack);

    /// <summary>The broker processes one settlement. The runtime may learn that, and forget the job.</summary>
    private void Process()
    {
        if (_bus.Settled.Count == _processed) return;
        var (delivery, settlement) = _bus.Settled[_processed++];
        var message = _queue.Single(message => message.Delivery == delivery);
        Assert.Equal((Place.Delivered, Settlement.Ack), (message.Place, settlement));
        message.Place = Place.Gone;
        if (_random.Next(2) == 0) _ledger.Remove(delivery.Job!);
    }

    private void Sweep() => _ledger.RemoveStale(1000);

    /// <summary>What the broker has not processed is lost, and it delivers the rest again.</summary>
    private void Lose()
    {
        _bus.IsAlive = false;
        (_bus, _processed) = (new JobBus(), 0);
        foreach (var message in _queue.Where(message => message.Place is Place.Delivered))
            (message.Place, message.IsRedelivered) = (Place.Ready, true);
    }

    private T? Pick<T>(IEnumerable<T> from)
        where T : class => from.ToList() is { Count: > 0 } list ? list[_random.Next(list.Count)] : null;

    private enum Place
    {
        Ready,
        Delivered,
        Gone,
    }

    private sealed class Message(int key)
    {
        public int Key => key;
        public Place Place { get; set; }
        public bool IsRedelivered { get; set; }
        public Delivery? Delivery { get; set; }
    }
}
