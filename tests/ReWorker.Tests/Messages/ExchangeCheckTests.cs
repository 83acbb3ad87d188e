using RabbitMQ.Client;
using ReWorker.Publishing;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Messages;

/// <summary>A missing exchange is an error of the step; a connection that does not answer is none.</summary>
public sealed class ExchangeCheckTests : PublishingTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task FindAsync_Exists_AsksOnceOnAChannelOfTheConsumingConnection()
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);

        Assert.True(await check.FindAsync("other", Cancel));
        Assert.True(await check.FindAsync("other", Cancel));

        var channel = Assert.Single(Source.Consumes.Channels);
        Assert.Equal("other", Assert.Single(channel.CallsOf("ExchangeDeclarePassiveAsync"))[0]);
        Assert.True(channel.IsDisposed);
        Assert.Single(Source.Publishes.Channels);
    }

    [Fact]
    public async Task FindAsync_AnotherExchange_AsksAgain()
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);

        Assert.True(await check.FindAsync("one", Cancel));
        Assert.True(await check.FindAsync("two", Cancel));

        Assert.Equal(2, Source.Consumes.Channels.Count);
    }

    [Theory]
    [InlineData(404, "the exchange 'other' does not exist on the broker")]
    [InlineData(403, "the user may not see the exchange 'other': ACCESS_REFUSED")]
    public async Task FindAsync_MissingOrForbidden_ThrowsAndAsksAgainNextTime(int code, string expected)
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);
        Answer(Task.FromException(FakeChannel.Refusal((ushort)code, "ACCESS_REFUSED")));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => check.FindAsync("other", Cancel));
        Assert.Equal(expected, error.Message);
        Assert.True(Assert.Single(Source.Consumes.Channels).IsDisposed);

        Answer(null);
        Assert.True(await check.FindAsync("other", Cancel));
        Assert.Equal(2, Source.Consumes.Channels.Count);
    }

    /// <summary>A connection that is lost meanwhile says nothing about the exchange.</summary>
    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    public async Task FindAsync_EpochHasEnded_IsFalse(int code)
    {
        var epoch = await OpenAsync();
        var check = new ExchangeCheck(epoch, Limit, Time);
        Answer(Task.FromException(FakeChannel.Refusal((ushort)code, "")));
        await EndAsync(epoch);

        Assert.False(await check.FindAsync("other", Cancel));
    }

    [Fact]
    public async Task FindAsync_EpochHasEndedAndTheClientThrowsAnything_IsFalse()
    {
        var epoch = await OpenAsync();
        var check = new ExchangeCheck(epoch, Limit, Time);
        Answer(Task.FromException(new ObjectDisposedException("channel")));
        await EndAsync(epoch);

        Assert.False(await check.FindAsync("other", Cancel));
    }

    public static TheoryData<Exception> Interruptions { get; } =
    [
        FakeChannel.Refusal(541, "INTERNAL_ERROR"),
        new IOException("broken pipe"),
        new OperationCanceledException(),
        new TimeoutException(),
    ];

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Interruptions))]
    public async Task FindAsync_Interrupted_IsFalseAndAsksAgainNextTime(Exception interruption)
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);
        Answer(Task.FromException(interruption));

        Assert.False(await check.FindAsync("other", Cancel));
        Answer(null);
        Assert.True(await check.FindAsync("other", Cancel));
    }

    [Fact]
    public async Task FindAsync_AnotherError_IsThrown()
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);
        Answer(Task.FromException(new NotSupportedException()));

        await Assert.ThrowsAsync<NotSupportedException>(() => check.FindAsync("other", Cancel));
    }

    [Fact]
    public async Task FindAsync_NoAnswer_IsFalseAfterTheTimeout()
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);
        Answer(Task.Delay(Timeout.Infinite, CancellationToken.None));

        var find = check.FindAsync("other", Cancel);
        Time.Advance(Limit);
        Assert.False(find.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(2));

        Assert.False(await find.WaitAsync(Patience, Cancel));
    }

    [Fact]
    public async Task FindAsync_Cancelled_Throws()
    {
        var check = new ExchangeCheck(await OpenAsync(), Limit, Time);
        Answer(Task.Delay(Timeout.Infinite, CancellationToken.None));
        using var stop = new CancellationTokenSource();
        var find = check.FindAsync("other", stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => find.WaitAsync(Patience, Cancel));
    }

    private static async Task EndAsync(Epoch epoch)
    {
        epoch.End(new Loss(LossReason.Connection, ""));
        await Until.TrueAsync(() => epoch.Ended.IsCancellationRequested);
    }

    private void Answer(Task? answer) => Source.Consumes.OnChannel = channel =>
        channel.OnCall = call => call.Method == "ExchangeDeclarePassiveAsync" ? answer : null;
}
