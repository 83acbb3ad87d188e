using RabbitMQ.Client;
using ReWorker.Publishing;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>The window gives out each unconfirmed message once, whatever numbers the broker confirms.</summary>
public sealed class ConfirmWindowTests
{
    private const int Size = 1024;

    private readonly ConfirmWindow _window = new();

    [Fact]
    public void New_HasNothing()
    {
        Assert.True(_window.IsEmpty);
        Assert.False(_window.IsFull);
        Assert.Null(_window.Oldest);
        Assert.Empty(Take(ulong.MaxValue, multiple: true));
    }

    [Theory]
    [InlineData(Size - 1, false)]
    [InlineData(Size, true)]
    public void IsFull_AtTheLimitAndOneBelow_IsTrueOnlyAtTheLimit(int messages, bool isFull)
    {
        Add(messages);

        Assert.Equal(isFull, _window.IsFull);
        Assert.False(_window.IsEmpty);
    }

    [Fact]
    public void Take_TheOldestOfAFullWindow_MakesRoomForOne()
    {
        Add(Size);

        Assert.Equal([1], Take(1));
        Assert.False(_window.IsFull);
        Add(1, first: Size + 1);
        Assert.True(_window.IsFull);
        Assert.Equal(2, _window.Oldest!.Sequence);
    }

    /// <summary>The slot of the oldest is needed next: as long as it is in use, the window stays full.</summary>
    [Fact]
    public void Take_AllButTheOldestOfAFullWindow_StaysFull()
    {
        Add(Size);

        for (var number = 2; number <= Size; number++) Assert.Equal([number], Take(number));
        Assert.True(_window.IsFull);
        Assert.Equal(1, _window.Oldest!.Sequence);

        Assert.Equal([1], Take(1));
        Assert.True(_window.IsEmpty);
        Assert.Null(_window.Oldest);
    }

    [Fact]
    public void Take_OneNumber_LeavesTheOthers()
    {
        Add(3);

        Assert.Equal([2], Take(2));
        Assert.Equal(1, _window.Oldest!.Sequence);
        Assert.Equal([1], Take(1));
        Assert.Equal(3, _window.Oldest!.Sequence);
        Assert.False(_window.IsEmpty);
        Assert.Equal([3], Take(3));
        Assert.True(_window.IsEmpty);
    }

    [Fact]
    public void Take_Multiple_TakesAllUpToTheNumberInOrderWithoutThoseTaken()
    {
        Add(6);
        Take(3);

        Assert.Equal([1, 2, 4, 5], Take(5, multiple: true));
        Assert.Equal(6, _window.Oldest!.Sequence);
        Assert.Equal([6], Take(6, multiple: true));
    }

    [Fact]
    public void Take_MaxValueMultiple_TakesEverything()
    {
        Add(3);

        Assert.Equal([1, 2, 3], Take(ulong.MaxValue, multiple: true));
        Assert.True(_window.IsEmpty);
    }

    [Theory]
    [InlineData(0UL, false)]
    [InlineData(0UL, true)]
    [InlineData(2UL, false)] // confirmed before
    [InlineData(2UL, true)]
    [InlineData(5UL, false)] // not sent yet
    [InlineData(ulong.MaxValue, false)]
    public void Take_UnknownNumber_TakesNothing(ulong number, bool multiple)
    {
        Add(4);
        Take(2, multiple: true);

        Assert.Empty(Take(number, multiple));
        Assert.Equal([3, 4], Take(4, multiple: true));
    }

    /// <summary>A confirm that comes twice must not hit the message that uses the slot now.</summary>
    [Fact]
    public void Take_NumberWhoseSlotIsInUseAgain_TakesNothing()
    {
        Add(Size);
        Take(1);
        Add(1, first: Size + 1);

        Assert.Empty(Take(1));
        Assert.Equal([Size + 1], Take(Size + 1));
    }

    [Fact]
    public void Take_AfterManyRounds_StillGivesOutEachMessageOnceAndInOrder()
    {
        var taken = new List<int>();
        var sent = 0;
        for (var round = 0; round < 8; round++)
        {
            while (!_window.IsFull) Add(1, first: ++sent);
            taken.AddRange(Take(sent - (Size / 3), multiple: true));
            Assert.Equal(taken.Count + 1, _window.Oldest!.Sequence);
        }
        taken.AddRange(Take(sent, multiple: true));

        Assert.True(sent > 4 * Size);
        Assert.Equal(Enumerable.Range(1, sent), taken);
        Assert.True(_window.IsEmpty);
    }

    [Fact]
    public void Take_GivenAListWithMessages_AddsToIt()
    {
        Add(2);
        var into = new List<PendingMessage>();

        _window.Take(1, multiple: false, into);
        _window.Take(2, multiple: false, into);

        Assert.Equal([1, 2], into.Select(message => message.Sequence));
    }

    [Fact]
    public void Find_MessageInTheWindow_FindsItByKeyAndId()
    {
        var (first, second) = (Add(1, id: "a", routingKey: "x"), Add(2, id: "b", routingKey: "x"));
        var other = Add(3, id: "a", routingKey: "y");

        Assert.Same(second, Find("x", "b"));
        Assert.Same(other, Find("y", "a"));
        Assert.Same(first, Find("x", "a"));
        Assert.Null(Find("y", "b"));
        Assert.Null(Find("z", "a"));
    }

    /// <summary>A step may send two messages with one id; each return is for another one.</summary>
    [Fact]
    public void Find_SameIdTwice_FindsEachOnce()
    {
        var (first, second) = (Add(1, id: "a"), Add(2, id: "a"));

        Assert.Same(first, Find("output", "a"));
        first.Unroutable = true;
        Assert.Same(second, Find("output", "a"));
        second.Unroutable = true;
        Assert.Null(Find("output", "a"));
    }

    [Fact]
    public void Find_MessageThatWasTaken_FindsTheNextWithItsId()
    {
        Add(1, id: "b");
        Add(2, id: "a");
        var next = Add(3, id: "a");
        Take(2);

        Assert.Same(next, Find("output", "a"));
        Take(3);
        Assert.Null(Find("output", "a"));
    }

    [Fact]
    public void Find_AfterTheRingHasWrapped_FindsOldestAndNewest()
    {
        Add(Size);
        Take(Size / 2, multiple: true);
        for (var sequence = Size + 1; !_window.IsFull; sequence++) Add(sequence, id: $"{sequence}");

        var newest = Find("output", $"{Size + (Size / 2)}");
        var oldest = Find("output", _window.Oldest!.MessageId);

        Assert.Equal(Size + (Size / 2), newest!.Sequence);
        Assert.Equal((Size / 2) + 1, oldest!.Sequence);
    }

    private void Add(int count, int first = 1)
    {
        for (var sequence = first; sequence < first + count; sequence++) Add(sequence, id: null);
    }

    private PendingMessage Add(int sequence, string? id, string routingKey = "output")
    {
        var message = RecordingPublisher.Message(sequence, id: id, routingKey: routingKey);
        _window.Add(message);
        return message;
    }

    private int[] Take(int number) => Take((ulong)number, multiple: false);

    private int[] Take(int number, bool multiple) => Take((ulong)number, multiple);

    private int[] Take(ulong number, bool multiple)
    {
        var into = new List<PendingMessage>();
        _window.Take(number, multiple, into);
        return [.. into.Select(message => message.Sequence)];
    }

    private PendingMessage? Find(string routingKey, string id) =>
        _window.Find(routingKey, new BasicProperties { MessageId = id }, "{}"u8);
}
