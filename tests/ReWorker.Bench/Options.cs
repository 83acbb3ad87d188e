using System.Globalization;
using ReWorker.Bench.Running;

namespace ReWorker.Bench;

/// <summary>The options on the command line.</summary>
internal sealed record Options
{
    public const string Usage =
        """
        bench             compares the worker with hand-tuned code and two frameworks; writes docs/performance.md
        bench scale       a million jobs, large bodies, replicas, long output, slow requesters; writes docs/scale.md
        figures           prints image size, memory and start time of a step with and without --aot, for docs/aot.md
          --quick         a short run without the native worker and the images; writes no page
          --rounds N      the number of rounds; default: 5
          --seconds S     the length of a phase; default: 3
          --only NAME,... only these workers, or these runs of scale; writes no page
          --record FILE   adds this run's rounds to those in the file and reports all of them
          --page FILE     writes the page to this file
          --broker TAG    the tag of the image rabbitmq; default: 4.3
        """;

    public bool IsQuick { get; init; }
    public bool IsScale { get; init; }
    public bool IsFigures { get; init; }
    public int Rounds { get; init; } = 5;

    /// <summary>The length of each phase of a round.</summary>
    public double Seconds { get; init; } = 3;

    /// <summary>The number of jobs whose latency is measured, one at a time.</summary>
    public int Latencies { get; init; } = 1_000;

    /// <summary>The number of jobs that warm a worker up.</summary>
    public int Warm { get; init; } = 20_000;

    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>A file that collects the rounds of several runs.</summary>
    public string? Record { get; init; }

    /// <summary>The page to write. A full run writes the page in docs by default.</summary>
    public string? Page { get; init; }

    public string Image { get; init; } = "rabbitmq:4.3";

    /// <exception cref="ArgumentException">An argument is unknown or invalid.</exception>
    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options();
        for (var at = 0; at < args.Count; at++)
        {
            options = args[at] switch
            {
                "--quick" => options with { IsQuick = true, Rounds = 1, Seconds = 1.5, Latencies = 100, Warm = 3_000 },
                "scale" => options with { IsScale = true },
                "figures" => options with { IsFigures = true },
                "--rounds" => options with { Rounds = (int)Number() },
                "--seconds" => options with { Seconds = Number() },
                "--only" => options with { Names = Next().Split(',') },
                "--record" => options with { Record = Next() },
                "--page" => options with { Page = Next() },
                "--broker" => options with { Image = $"rabbitmq:{Next()}" },
                var other => throw new ArgumentException($"unknown option: {other}"),
            };

            string Next() =>
                ++at < args.Count ? args[at] : throw new ArgumentException($"{args[at - 1]} needs a value");
            double Number() => double.TryParse(Next(), CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
                : throw new ArgumentException($"{args[at - 1]} needs a number greater than 0");
        }
        return options is { IsQuick: false, Page: null, Names.Count: 0 }
            ? options with { Page = Repository.At("docs", options.IsScale ? "scale.md" : "performance.md") }
            : options;
    }
}
