using ReWorker.Client;
using ReWorker.Tests.Fakes;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>Jobs that wait for one session do not hold up each other, or the session.</summary>
public sealed class SessionWaitTests : IAsyncDisposable
{
    private readonly RecordingTime _time = new();
    private readonly FakeSource _source;
    private readonly ReplyConnection _connection;

    public SessionWaitTests()
    {
        _source = new FakeSource(_time);
        var queue = new ReplyQueue("reply.1", new JobClientOptions { FollowOutput = false }, _ => { });
        _connection = new ReplyConnection(_source, queue, TimeSpan.FromSeconds(30), _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    [Fact]
    public async Task GetSession_AnotherJobBlocksItsThread_IsNotHeldUp()
    {
        var opening = new TaskCompletionSource();
        _source.Opening = opening.Task;
        using var isBlocked = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        var blocking = _connection.GetSessionAsync(CancellationToken.None).ContinueWith(
            _ =>
            {
                isBlocked.Set();
                end.Wait(Cancel);
            },
            Cancel, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        opening.SetResult();
        await Until.TrueAsync(() => isBlocked.IsSet, "the session");

        try
        {
            await Task.Run(() => _connection.GetSessionAsync(Cancel), Cancel)
                .WaitAsync(TimeSpan.FromSeconds(10), Cancel);
        }
        finally
        {
            end.Set();
            await blocking;
        }
    }
}
