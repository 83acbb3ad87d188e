using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace ReWorker.Faults;

[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class ChaosJson : JsonSerializerContext;

/// <summary>A step that does what steps should not do. Each run says <c>RAN id</c> on standard output.</summary>
internal sealed class ChaosWorker : Worker
{
    private static readonly List<byte[]> Hoard = [];

    protected internal override async Task<object?> ProcessAsync(Job job, CancellationToken cancel)
    {
        Say($"RAN {job.CorrelationId} attempt {job.Attempt}");
        var parameters = job.Parameters;
        var seconds = parameters.ValueKind is JsonValueKind.Object && parameters.TryGetProperty("seconds", out var given) ? given.GetDouble() : 0;
        var what = parameters.ValueKind is JsonValueKind.Object && parameters.TryGetProperty("do", out var named) ? named.GetString() : "sleep";
        switch (what)
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
                // as bad as code can be: it takes pool threads that are not its own, and blocks them
                for (var one = 0; one < 200; one++) ThreadPool.QueueUserWorkItem(_ => Thread.Sleep(TimeSpan.FromSeconds(seconds)));
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
                return await RefusalAsync(() => job.SendAsync("nobody", new string('x', 17 * 1024 * 1024), cancel: cancel));
            case "return-much":
                return new string('x', 300 * 1024);
            case "nowhere":
                return await RefusalAsync(() => job.SendAsync("nobody", "x", exchange: "no-such-exchange", cancel: cancel));
            case "long-key":
                return await RefusalAsync(() => job.SendAsync(new string('k', 300), "x", cancel: cancel));
            case "second":
                return await RefusalAsync(() => job.SendAsync(job.ReplyTo!, new Dictionary<string, string> { ["status"] = "completed" }, exchange: "", cancel: cancel));
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

    private static void Say(string text)
    {
        try
        {
            Console.WriteLine(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // two of the rows have a full device for standard output, or none
        }
    }

    private static async Task<string> RefusalAsync(Func<Task<bool>> send)
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
