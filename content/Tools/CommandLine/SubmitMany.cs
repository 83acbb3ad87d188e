namespace ReWorker.Tools.CommandLine;

/// <summary>Sends a job many times, several at a time, and prints a summary.</summary>
internal sealed class SubmitMany(JobClient client, IJobEventWriter writer, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(10);

    private readonly Tally _tally = new();

    public async Task<int> RunAsync(Func<JobRequest> nextJob, int count, int concurrency, CancellationToken cancel)
    {
        // before the clock starts: the first jobs' durations must not include connecting
        await client.ConnectAsync(nextJob().Timeout, cancel);
        var startedAt = time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var left = count;
        async Task SendInTurnAsync()
        {
            while (!stop.IsCancellationRequested && Interlocked.Decrement(ref left) >= 0)
                await SendAsync(nextJob(), stop);
        }
        var jobs = Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => SendInTurnAsync()));
        await ShowProgressAsync(jobs, count);
        await jobs;

        _tally.Elapsed = time.GetElapsedTime(startedAt);
        writer.WriteSummary(_tally);
        return cancel.IsCancellationRequested ? ExitCodes.Interrupted : _tally.ExitCode;
    }

    private async Task SendAsync(JobRequest job, CancellationTokenSource stop)
    {
        var startedAt = time.GetTimestamp();
        try
        {
            await foreach (var jobEvent in client.SendAsync(job, stop.Token))
            {
                if (jobEvent is not (JobEvent.Completed or JobEvent.Failed)) continue;
                var elapsed = time.GetElapsedTime(startedAt);
                _tally.CountAnswer((jobEvent as JobEvent.Failed)?.Reason, elapsed);
                if (writer is JsonEventWriter) writer.Write(job, jobEvent, elapsed);
            }
        }
        catch (Exception e) when (e is TimeoutException or JobNotDeliveredException)
        {
            _tally.CountNoAnswer(e.Message);
            // if nobody has answered so far, the other jobs would only time out too
            if (e is JobNotDeliveredException || _tally.Answered == 0) await stop.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // the summary shows how far it came
        }
    }

    private async Task ShowProgressAsync(Task jobs, int count)
    {
        if (terminal.ProgressConsole is not { } console)
        {
            while (await Task.WhenAny(jobs, Task.Delay(LineInterval, time)) != jobs)
                terminal.Error($"{_tally.Ended} of {count} jobs");
            return;
        }
        ProgressColumn[] columns =
            [new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn(), new RemainingTimeColumn()];
        await console.Progress().AutoClear(true).Columns(columns)
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask("jobs", maxValue: count);
                while (!jobs.IsCompleted)
                {
                    await Task.WhenAny(jobs, Task.Delay(BarInterval, time));
                    bar.Value = _tally.Ended;
                    bar.Description =
                        $"{_tally.Completed} completed, {_tally.Failed} failed, {_tally.NoAnswer} without answer";
                }
            });
    }
}
