using System.Text;
using ReWorker.Mutants;
using static ReWorker.Faults.Bench;

namespace ReWorker.Faults.Rows;

/// <summary>What requesters send.</summary>
internal static class Jobs
{
    public static Fault[] Rows { get; } =
    [
        new(
            "bad-bodies",
            "not JSON, empty, BOM, invalid UTF-8, trailing data, depth 10,000, 15 MiB, a duplicate key, NaN, a number")
        {
            On = On.Every,
            Remedy = [Remedies.StrictReader],
            Inject = async bench =>
            {
                byte[][] bodies =
                [
                    "not json"u8.ToArray(),
                    [],
                    [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}'],
                    [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'],
                    "{} {}"u8.ToArray(),
                    Encoding.UTF8.GetBytes(new string('[', 10_000) + new string(']', 10_000)),
                    Encoding.UTF8.GetBytes($"{{\"a\":\"{new string('x', 15 << 20)}\"}}"),
                    """{"parameters":{},"parameters":{}}"""u8.ToArray(),
                    """{"parameters":{"seconds":NaN}}"""u8.ToArray(),
                    "1"u8.ToArray(),
                ];
                foreach (var body in bodies)
                {
                    var job = await bench.SendUnreadableAsync(body);
                    bench.Then(() => job.Data.Contains("can't be read", StringComparison.Ordinal), () => job.Data);
                }
                bench.Then(async () => Check(
                    await bench.Worker.MetricAsync("reworker_jobs_parked_total") == bodies.Length,
                    "not all were counted as parked"));
            },
        },

        new("heavy-bodies", "a million keys (rejected by size), 100,000 keys, 100 KiB of headers")
        {
            On = On.Every,
            WithoutRemedy = { ["Worker:MaxBodyBytes"] = "16777216" },
            Inject = async bench =>
            {
                await bench.SendUnreadableAsync(Keys(1_000_000));
                await bench.SendRawAsync(Keys(100_000));
                var headers = new Dictionary<string, object?> { ["x-long"] = new string('h', 100 * 1024) };
                await bench.SendRawAsync("{}"u8.ToArray(), craft: properties => properties.Headers = headers);
            },
        },

        new(
            "odd-correlation-ids",
            "../../x, CR LF, ESC, 255 bytes, an emoji, none: each is echoed exactly and forges no line of the log")
        {
            On = On.Every,
            Remedy = [Remedies.PrintableLogs],
            Inject = async bench =>
            {
                var body = """{"parameters":{"do":"throw"}}"""u8.ToArray();
                string[] ids = ["../../x", "one\r\nFORGED two", "esc\u001b[31m", new('c', 255), "\U0001F4A5"];
                foreach (var id in ids) await bench.SendRawAsync(body, Fails, id: id);
                await bench.SendRawAsync(body, Fails, craft: properties => properties.ClearCorrelationId(), id: "");
                // the step itself writes the id to standard output, with its attempt; the runtime must not
                bench.Then(
                    () => !bench.Worker.Log.Any(line => line.StartsWith("FORGED", StringComparison.Ordinal)
                        && !line.Contains("attempt", StringComparison.Ordinal)),
                    () => "a line of the log is forged");
            },
        },
    ];

    private static void Fails(SentJob job) => job.Expected = "failed";

    private static byte[] Keys(int count) => Encoding.UTF8.GetBytes(
        $"{{\"parameters\":{{{string.Join(',', Enumerable.Range(0, count).Select(key => $"\"k{key}\":1"))}}}}}");
}
