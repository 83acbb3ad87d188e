using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A step that sends to another exchange gets an answer from whichever connection can give it.</summary>
public sealed class PublisherExchangeTests : PublisherTest
{
    [Fact]
    public async Task CheckExchange_NotConnected_WaitsForTheNextConnection()
    {
        var check = Publisher.CheckExchangeAsync("other", Cancel);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(check.IsCompleted);
        await StartAsync();

        await Until.TrueAsync(() => PassesUntilCompleted(check));

        await check;
        Assert.Single(Source.Consumes.Channels);
    }

    [Fact]
    public async Task CheckExchange_NoAnswer_AsksAgainAfterAMoment()
    {
        await StartAsync();
        var answers = 0;
        Source.Consumes.OnChannel = channel => channel.OnCall = call =>
            call.Method == "ExchangeDeclarePassiveAsync" && ++answers == 1
                ? Task.FromException(new IOException("broken pipe"))
                : null;
        var check = Publisher.CheckExchangeAsync("other", Cancel);
        Time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(1, answers);
        Assert.False(check.IsCompleted);

        Time.Advance(TimeSpan.FromMilliseconds(1));

        await check.WaitAsync(Patience, Cancel);
        Assert.Equal(2, answers);
    }

    [Fact]
    public async Task CheckExchange_Missing_Throws()
    {
        await StartAsync();
        Source.Consumes.OnChannel = channel => channel.OnCall = call =>
            call.Method == "ExchangeDeclarePassiveAsync"
                ? Task.FromException(FakeChannel.Refusal(404, "NOT_FOUND"))
                : null;

        await Assert.ThrowsAsync<InvalidOperationException>(() => Publisher.CheckExchangeAsync("other", Cancel));
    }

    [Fact]
    public async Task CheckExchange_Cancelled_StopsWaiting()
    {
        using var stop = new CancellationTokenSource();
        var check = Publisher.CheckExchangeAsync("other", stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check.WaitAsync(Patience, Cancel));
    }

    private bool PassesUntilCompleted(Task task)
    {
        Time.Advance(TimeSpan.FromMilliseconds(100));
        return task.IsCompleted;
    }
}
