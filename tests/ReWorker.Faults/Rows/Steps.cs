using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>What the code of a step does.</summary>
internal static class Steps
{
    public static Fault[] Rows { get; } =
    [
        new("code-throws", "the step throws")
        {
            NoRemedy = "a caught exception is the ordinary way to fail",
            Inject = async bench =>
            {
                var job = await bench.SendAsync("throw", expected: "failed");
                bench.Then(() => job.Data == "the step threw", () => job.Data);
            },
            CleanWithin = 5,
        },

        new("code-hangs", "the step sleeps for ever and ignores cancellation; Worker:TimeLimit is 3 s")
        {
            Settings = { ["Worker:TimeLimit"] = "00:00:03" },
            WithoutRemedy = { ["Worker:TimeLimit"] = "01:00:00" },
            Inject = async bench =>
            {
                for (var one = 0; one < 8; one++) await bench.SendAsync("hang", expected: "failed");
            },
            RecoversWithin = 12,
            CleanWithin = 5,
        },

        new(
            "code-blocks-every-thread",
            "the step and 200 work items of its own block the thread pool for 8 s: after half a second, three of four "
            + "health requests at least take under 50 ms")
        {
            IsAlone = true,
            Remedy = [Remedies.ThreadPoolGuard],
            Inject = BlockPoolAsync,
            CleanWithin = 15,
        },

        new("code-overflows-memory", "the step allocates until an OutOfMemoryException; the heap's limit is 200 MiB")
        {
            Settings = { ["DOTNET_GCHeapHardLimit"] = "C800000" },
            NoRemedy = "the runtime catches OutOfMemoryException like any other exception",
            Inject = async bench =>
            {
                await CompletedAsync(await bench.SendAsync("hoard", expected: "failed"), within: 15);
                await bench.SendAsync("free");
            },
            CleanWithin = 5,
            IsRestarted = true,
        },

        new(
            "code-sends-wrongly",
            "the step sends 17 MiB, to a missing exchange, with a 300-byte key, a second terminal reply, "
            + "a line after its end")
        {
            On = On.Every,
            Remedy = [Remedies.OneTerminalReply],
            Inject = SendWronglyAsync,
            Reconnects = 0,
        },

        new("reply-too-large", "the broker accepts messages up to 64 KiB, and the step returns 300 KiB")
        {
            IsAlone = true,
            On = On.Every,
            Remedy = [Remedies.ShortReply],
            Before = async bench =>
            {
                var limit = await bench.Broker.EvalAsync("application:get_env(rabbit, max_message_size, 16777216).");
                await LimitMessagesAsync(bench, "65536");
                bench.Undo(() => LimitMessagesAsync(bench, limit.Trim()));
            },
            Inject = async bench =>
            {
                var job = await bench.SendAsync("return-much", expected: "failed");
                bench.Over();
                await CompletedAsync(job, within: 15);
                foreach (var part in new[] { "could not be sent", "65536" })
                    bench.Then(() => job.Data.Contains(part, StringComparison.Ordinal), () => job.Data);
            },
        },

        new(
            "unknown-tag",
            "the step acknowledges its delivery tag + 1000 on the consumer's channel while other jobs run")
        {
            On = On.Every,
            Remedy = [Remedies.Reconnect],
            Inject = async bench =>
            {
                await bench.SendManyAsync(6, seconds: 2);
                await bench.SendAsync("unknown-tag", seconds: 1);
            },
            Reconnects = 1,
        },
    ];

    private static async Task BlockPoolAsync(Bench bench)
    {
        for (var one = 0; one < 5; one++) await bench.Worker.ReadyAsync();
        var job = await bench.SendAsync("block", seconds: 8);
        await UntilAsync("running", 5, () => bench.RunsOf(job) == 1);
        await Task.Delay(500);
        var took = new List<double>();
        for (var one = 0; one < 20; one++)
        {
            var answer = one % 2 == 0 ? await bench.Worker.ReadyAsync() : await bench.Worker.LiveAsync();
            Check(answer.Code == 200, $"not well: {answer.Code} {answer.Body}");
            took.Add(answer.Took.TotalMilliseconds);
            await Task.Delay(100);
        }
        // the machine has other work too: a late answer now and then is not the worker's fault
        Check(took.Order().ElementAt(15) < 50, $"health took up to {took.Max():0} ms");
    }

    private static async Task SendWronglyAsync(Bench bench)
    {
        var bystander = await bench.SendAsync("talk", seconds: 2);
        await ExpectAsync("huge", data => data.Contains("bytes; allowed", StringComparison.Ordinal));
        await ExpectAsync("nowhere", data => data.Contains("does not exist", StringComparison.Ordinal));
        await ExpectAsync("long-key", data => data.Contains("255", StringComparison.Ordinal));
        await ExpectAsync("second", data => data.StartsWith("ArgumentException", StringComparison.Ordinal));
        var late = await bench.SendAsync("late");
        bench.Then(
            () => late.Output.Count == 0 && bystander.Output.Count == 20, () => "lines are missing, or too many");
        await bench.RecoverAsync(within: 10);
        await bench.UntilSaidAsync("LATE REFUSED", within: 5);

        async Task ExpectAsync(string what, Func<string, bool> check)
        {
            var job = await bench.SendAsync(what);
            bench.Then(() => check(job.Data), () => job.Data);
        }
    }

    // some versions read the setting, others what they derived from it
    private static Task<string> LimitMessagesAsync(Bench bench, string bytes) => bench.Broker.EvalAsync(
        $"application:set_env(rabbit, max_message_size, {bytes}), persistent_term:put(max_message_size, {bytes}).");
}
