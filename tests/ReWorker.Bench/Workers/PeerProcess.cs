using System.Globalization;
using System.Runtime.InteropServices;

namespace ReWorker.Bench.Workers;

/// <summary>Runs this program as a worker: <c>worker NAME BROKER QUEUE REPLY_TO CONCURRENCY PREFETCH</c>.</summary>
internal static class PeerProcess
{
    /// <summary>The prefix of the line that reports the allocated bytes.</summary>
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
        new Thread(ReportAllocations) { IsBackground = true }.Start();
        await (name switch
        {
            "hand" or "hand-still" => HandTuned.RunAsync(broker, queue, concurrency, prefetch, stop.Token),
            "masstransit" => OnMassTransit.RunAsync(broker, queue, concurrency, prefetch, stop.Token),
            "wolverine" => OnWolverine.RunAsync(broker, queue, replyTo, concurrency, prefetch, stop.Token),
            _ => throw new ArgumentException($"unknown worker '{name}'"),
        });
        return 0;
    }

    /// <summary>Reports the bytes allocated so far for each line of standard input.</summary>
    private static void ReportAllocations()
    {
        while (Console.ReadLine() is not null)
        {
            var bytes = GC.GetTotalAllocatedBytes(precise: true);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Allocated}{bytes}"));
        }
    }
}
