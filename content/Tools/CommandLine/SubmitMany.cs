using System.Globalization;
using ReWorker.Client;
using Spectre.Console;

namespace ReWorker.Tools.CommandLine;

/// <summary>Sends a job many times, some at once, and sums up.</summary>
internal sealed class SubmitMany(JobClient client, IJobEventWriter follower, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(10);

    private readonly Tally _tally = new();

    public async Task<int> RunAsync(Func<JobRequest> next, int count, int concurrency, CancellationToken cancel)
    {
        // the first jobs' times are not to be the connection's
        await client.ConnectAsync(next().Timeout, cancel).ConfigureAwait(false);
        var began = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var left = count;
        async Task LoopAsync()
        {
            while (!stop.IsCancellationRequested && Interlocked.Decrement(ref left) >= 0) await SendAsync(next(), stop).ConfigureAwait(false);
        }
        var jobs = Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => LoopAsync()));
        await ShowProgressAsync(jobs, count).ConfigureAwait(false);
        await jobs.ConfigureAwait(false);

        _tally.Elapsed = time.GetElapsedTime(began);
        follower.Summary(_tally);
        return cancel.IsCancellationRequested ? ExitCodes.Interrupted : _tally.ExitCode;
    }

    private async Task SendAsync(JobRequest job, CancellationTokenSource stop)
    {
        var began = time.GetTimestamp();
        try
        {
            await foreach (var heard in client.SendAsync(job, stop.Token).ConfigureAwait(false))
            {
                var elapsed = time.GetElapsedTime(began);
                _tally.Count(heard, elapsed);
                if (follower is JsonEventWriter && heard is JobEvent.Completed or JobEvent.Failed) follower.Show(job, heard, elapsed);
            }
        }
        catch (Exception e) when (e is TimeoutException or JobNotDeliveredException)
        {
            _tally.CountSilence(e.Message);
            // where nobody ever answers, the rest need not wait their time, too
            if (e is JobNotDeliveredException || _tally.Answered == 0) await stop.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // the summary says what was done
        }
    }

    private async Task ShowProgressAsync(Task jobs, int count)
    {
        if (terminal.Rich is { } rich)
        {
            await rich.Progress().AutoClear(true)
                .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn(), new RemainingTimeColumn())
                .StartAsync(async progress =>
                {
                    var bar = progress.AddTask("jobs", maxValue: count);
                    while (!jobs.IsCompleted)
                    {
                        await Task.WhenAny(jobs, Task.Delay(TimeSpan.FromMilliseconds(100), time)).ConfigureAwait(false);
                        bar.Value = _tally.Answered + _tally.NoAnswer;
                        bar.Description = string.Create(CultureInfo.InvariantCulture, $"{_tally.Completed} completed, {_tally.Failed} failed, {_tally.NoAnswer} without answer");
                    }
                }).ConfigureAwait(false);
            return;
        }
        while (await Task.WhenAny(jobs, Task.Delay(LineEvery, time)).ConfigureAwait(false) != jobs)
            terminal.Error(string.Create(CultureInfo.InvariantCulture, $"{_tally.Answered + _tally.NoAnswer} of {count} jobs"));
    }
}
