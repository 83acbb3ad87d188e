using System.Globalization;
using System.Runtime.InteropServices;

namespace ReWorker.Bench.Workers;

/// <summary>This program as a worker: <c>worker NAME BROKER QUEUE REPLY_TO CONCURRENCY PREFETCH</c>.</summary>
internal static class PeerProcess
{
    /// <summary>How an answer begins.</summary>
    public const string Allocated = "allocated: ";

    public static async Task<int> RunAsync(string[] args)
    {
        var (name, broker, queue, replyTo) = (args[0], new Uri(args[1]), args[2], args[3]);
        var concurrency = int.Parse(args[4], CultureInfo.InvariantCulture);
        var prefetch = int.Parse(args[5], CultureInfo.InvariantCulture);
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        new Thread(Answer) { IsBackground = true }.Start();
        await (name switch
        {
            "hand" or "hand-still" => HandTuned.RunAsync(broker, queue, concurrency, prefetch, stop.Token),
            "masstransit" => OnMassTransit.RunAsync(broker, queue, concurrency, prefetch, stop.Token),
            "wolverine" => OnWolverine.RunAsync(broker, queue, replyTo, concurrency, prefetch, stop.Token),
            _ => throw new ArgumentException($"no worker '{name}'"),
        });
        return 0;
    }

    /// <summary>Each line that is read is answered with the bytes allocated so far.</summary>
    private static void Answer()
    {
        while (Console.ReadLine() is not null)
        {
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Allocated}{bytes}"));
        }
    }
}
