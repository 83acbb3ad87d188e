using System.Text;

namespace ReWorker.Faults.Rows;

internal sealed class CodeThrows() : Fault("code-throws", "the step throws")
{
    public override string NoRemedy => "a caught exception is the plain way of failing";

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var job = await bench.SendAsync("throw", expected: "failed");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
        Bench.Check(job.Data == "the step threw", job.Data);
    }
}

internal sealed class CodeHangs() : Fault("code-hangs", "the step sleeps for ever, deaf to its token; time limit 3 s")
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("Worker:TimeLimit", "00:00:03")];

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Worker:TimeLimit", "01:00:00")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        for (var one = 0; one < 8; one++) await bench.SendAsync("hang", expected: "failed");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(12));
        await bench.CleanAsync(TimeSpan.FromSeconds(5));
    }
}

internal sealed class CodeBlocksThePool() : Fault("code-blocks-every-thread", "the step and 200 work items of its own sleep on the pool for 8 s: half a second later health answers within 50 ms, three times of four at least")
{
    public override bool IsAlone => true;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.PoolWatch];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        for (var one = 0; one < 5; one++) await bench.Worker.ReadyAsync();
        var job = await bench.SendAsync("block", seconds: 8);
        await Bench.UntilAsync("running", TimeSpan.FromSeconds(5), () => Task.FromResult(bench.RunsOf(job) == 1));
        await Task.Delay(500);
        var took = new List<double>();
        for (var one = 0; one < 20; one++)
        {
            var answer = one % 2 == 0 ? await bench.Worker.ReadyAsync() : await bench.Worker.LiveAsync();
            Bench.Check(answer.Code == 200, $"not well: {answer.Code} {answer.Body}");
            took.Add(answer.Took.TotalMilliseconds);
            await Task.Delay(100);
        }
        // the machine has other things to do as well: a late answer now and then is not the worker's
        Bench.Check(took.Order().ElementAt(15) < 50, $"health took up to {took.Max():0} ms");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(15));
    }
}

internal sealed class CodeHoards() : Fault("code-overflows-memory", "the step allocates until there is no more: 200 MiB")
{
    public override IEnumerable<KeyValuePair<string, string>> Settings => [Set("DOTNET_GCHeapHardLimit", "C800000")];

    public override string NoRemedy => "the runtime's own OutOfMemoryException is caught like any other";

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SendAsync("hoard", expected: "failed");
        await Bench.CompletedAsync(bench.Requester.Jobs.Last(job => job.Expected == "failed"), TimeSpan.FromSeconds(15));
        await bench.SendAsync("free");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(5), restarted: true);
    }
}

internal sealed class CodeSendsTooMuch() : Fault("code-sends-wrongly", "17 MiB, to no exchange, with a 300-byte key, a second terminal reply, a line after the end")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.OneTerminalReply];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var bystander = await bench.SendAsync("talk", seconds: 2);
        var huge = await bench.SendAsync("huge");
        var nowhere = await bench.SendAsync("nowhere");
        var longKey = await bench.SendAsync("long-key");
        var second = await bench.SendAsync("second");
        var late = await bench.SendAsync("late");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.UntilSaidAsync("LATE REFUSED", TimeSpan.FromSeconds(5));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(huge.Data.Contains("bytes; allowed", StringComparison.Ordinal), huge.Data);
        Bench.Check(nowhere.Data.Contains("no exchange", StringComparison.Ordinal), nowhere.Data);
        Bench.Check(longKey.Data.Contains("255", StringComparison.Ordinal), longKey.Data);
        Bench.Check(second.Data.StartsWith("ArgumentException", StringComparison.Ordinal), second.Data);
        Bench.Check(late.Output.Count == 0 && bystander.Output.Count == 20, "lines are missing, or too many");
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 0, "it cost a connection");
    }
}

internal sealed class ReplyTooLarge() : Fault("reply-too-large", "the broker takes messages of 64 KiB at most, and the step returns 300 KiB")
{
    public override On On => On.Every;

    public override bool IsAlone => true;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.ShortReply];

    public override async Task RunAsync(Bench bench)
    {
        // of the versions, the ones look at the setting, the others at what they have made of it
        Task LimitAsync(string bytes) => bench.Broker.EvalAsync($"application:set_env(rabbit, max_message_size, {bytes}), persistent_term:put(max_message_size, {bytes}).");
        var before = (await bench.Broker.EvalAsync("application:get_env(rabbit, max_message_size, 16777216).")).Trim();
        await LimitAsync("65536");
        bench.Undo(() => LimitAsync(before));
        await bench.WarmUpAsync();
        var job = await bench.SendAsync("return-much", expected: "failed");
        bench.Over();
        await Bench.CompletedAsync(job, TimeSpan.FromSeconds(15));
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(job.Data.Contains("could not be sent", StringComparison.Ordinal) && job.Data.Contains("65536", StringComparison.Ordinal), job.Data);
    }
}

internal sealed class UnknownTag() : Fault("unknown-tag", "the step acks its tag + 1000 on the delivering channel, other jobs running")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.Reconnect];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        await bench.SendManyAsync(6, seconds: 2);
        await bench.SendAsync("unknown-tag", seconds: 1);
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(await bench.Worker.MetricAsync("reworker_reconnects_total") == 1, "not one reconnect was counted");
    }
}

internal sealed class BadBodies() : Fault("bad-bodies", "not JSON, empty, BOM, bad UTF-8, trailing data, depth 10,000, 15 MiB, a key twice, NaN, a number")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.StrictReader];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        byte[][] bodies =
        [
            "not json"u8.ToArray(), [], [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}'], [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'], "{} {}"u8.ToArray(),
            Encoding.UTF8.GetBytes(new string('[', 10_000) + new string(']', 10_000)), Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('x', 15 << 20)}\"}}"),
            """{"parameters":{},"parameters":{}}"""u8.ToArray(), """{"parameters":{"seconds":NaN}}"""u8.ToArray(), "1"u8.ToArray(),
        ];
        foreach (var body in bodies) await bench.SendRawAsync(body, job => (job.Expected, job.Starts, job.Runs, job.IsParked) = ("failed", false, 0, true));
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        foreach (var job in bench.Requester.Jobs.Where(one => one.IsParked)) Bench.Check(job.Data.Contains("can't be read", StringComparison.Ordinal), job.Data);
        Bench.Check(await bench.Worker.MetricAsync("reworker_jobs_parked_total") == bodies.Length, "not all were counted as parked");
    }
}

internal sealed class HeavyBodies() : Fault("heavy-bodies", "a million keys (refused by size), 100,000 keys, 100 KiB of headers")
{
    public override On On => On.Every;

    public override IEnumerable<KeyValuePair<string, string>> WithoutRemedy => [Set("Worker:MaxBodyBytes", "16777216")];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        static byte[] Keys(int count) => Encoding.UTF8.GetBytes($"{{\"parameters\":{{{string.Join(',', Enumerable.Range(0, count).Select(key => $"\"k{key}\":1"))}}}}}");
        await bench.SendRawAsync(Keys(1_000_000), job => (job.Expected, job.Starts, job.Runs, job.IsParked) = ("failed", false, 0, true));
        await bench.SendRawAsync(Keys(100_000));
        await bench.SendRawAsync("{}"u8.ToArray(), craft: properties => properties.Headers = new Dictionary<string, object?> { ["x-long"] = new string('h', 100 * 1024) });
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
    }
}

internal sealed class OddCorrelationIds() : Fault("odd-correlation-ids", "../../x, CR LF, ESC, 255 bytes, emoji, none: echoed exactly, one line in the log each")
{
    public override On On => On.Every;

    public override IReadOnlyList<Mutant> Remedy => [Mutants.PrintableLogs];

    public override async Task RunAsync(Bench bench)
    {
        await bench.WarmUpAsync();
        var body = """{"parameters":{"do":"throw"}}"""u8.ToArray();
        foreach (var id in new[] { "../../x", "one\r\nFORGED two", "esc\u001b[31m", new string('c', 255), "\U0001F4A5" })
            await bench.SendRawAsync(body, job => job.Expected = "failed", id: id);
        await bench.SendRawAsync(body, job => job.Expected = "failed", craft: properties => properties.ClearCorrelationId(), id: "");
        bench.Over();
        await bench.RecoverAsync(TimeSpan.FromSeconds(10));
        // the step itself writes what it is given to standard output; the runtime does not
        foreach (var job in bench.Requester.Jobs) job.Runs = 1;
        await bench.CleanAsync(TimeSpan.FromSeconds(10));
        Bench.Check(!bench.Worker.Log.Any(line => line.StartsWith("FORGED", StringComparison.Ordinal) && !line.Contains("attempt", StringComparison.Ordinal)), "a line of the log is forged");
    }
}
