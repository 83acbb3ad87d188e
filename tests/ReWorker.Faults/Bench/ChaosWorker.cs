using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace ReWorker.Faults;

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class ChaosJson : JsonSerializerContext;

/// <summary>A step that does what steps should not do. Each run writes <c>RAN id</c> to standard output.</summary>
internal sealed class ChaosWorker : Worker
{
    private static readonly List<byte[]> Hoard = [];

    protected internal override async Task<object?> ProcessAsync(Job job, CancellationToken cancel)
    {
        Say($"RAN {job.CorrelationId} attempt {job.Attempt}");
        var seconds = Parameter(job, "seconds")?.GetDouble() ?? 0;
        switch (Parameter(job, "do")?.GetString() ?? "sleep")
        {
            case "talk":
                for (var line = 0; line < seconds * 10; line++)
                {
                    job.Output.LogInformation("line {Line}", line);
                    await Task.Delay(100, cancel);
                }
                return null;
            case "throw":
                throw new InvalidOperationException("the step threw");
            case "hang":
                Thread.Sleep(Timeout.Infinite);
                return null;
            case "stubborn":
                await Task.Delay(TimeSpan.FromSeconds(seconds), CancellationToken.None);
                return null;
            case "block":
                // the worst code can do: it blocks pool threads that are not its own
                for (var one = 0; one < 200; one++)
                    ThreadPool.QueueUserWorkItem(_ => Thread.Sleep(TimeSpan.FromSeconds(seconds)));
                Thread.Sleep(TimeSpan.FromSeconds(seconds));
                return null;
            case "die":
                Process.GetCurrentProcess().Kill();
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
                return null;
            case "hoard":
                while (true)
                {
                    var piece = new byte[16 * 1024 * 1024];
                    Array.Fill(piece, (byte)1);
                    Hoard.Add(piece);
                }
            case "free":
                Hoard.Clear();
                return null;
            case "huge":
                return await ErrorAsync(() => job.SendAsync("nobody", new string('x', 17 << 20), cancel: cancel));
            case "return-much":
                return new string('x', 300 * 1024);
            case "nowhere":
                return await ErrorAsync(
                    () => job.SendAsync("nobody", "x", exchange: "no-such-exchange", cancel: cancel));
            case "long-key":
                return await ErrorAsync(() => job.SendAsync(new string('k', 300), "x", cancel: cancel));
            case "second":
                var status = new Dictionary<string, string> { ["status"] = "completed" };
                return await ErrorAsync(() => job.SendAsync(job.ReplyTo!, status, exchange: "", cancel: cancel));
            case "late":
                _ = LateAsync(job);
                return null;
            case "unknown-tag":
                await job.Channel.BasicAckAsync(job.Delivery.DeliveryTag + 1000, multiple: false, cancel);
                await Task.Delay(TimeSpan.FromSeconds(seconds), cancel);
                return null;
            default:
                await Task.Delay(TimeSpan.FromSeconds(seconds), cancel);
                return null;
        }
    }

    private static JsonElement? Parameter(Job job, string name) =>
        job.Parameters.ValueKind is JsonValueKind.Object && job.Parameters.TryGetProperty(name, out var value)
            ? value
            : null;

    private static void Say(string text)
    {
        try
        {
            Console.WriteLine(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // in two rows standard output is full or closed
        }
    }

    private static async Task<string> ErrorAsync(Func<Task<bool>> send)
    {
        try
        {
            return $"sent: {await send()}";
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message}";
        }
    }

    private static async Task LateAsync(Job job)
    {
        await Task.Delay(1000);
        try
        {
            job.Output.LogInformation("too late");
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"LATE REFUSED: {e.Message}");
        }
    }
}
