using System.Globalization;
using ReWorker.Bench.Running;

namespace ReWorker.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Usage =
        """
        bench             the worker against hand-tuned code and two frameworks; a full run writes docs/performance.md
        bench scale       a million jobs, large bodies, replicas, long output, slow requesters: docs/scale.md
        figures           image size, memory and start time of a step, ordinary and --aot: docs/aot.md
          --quick         a short run, without the native worker and the images
          --rounds N      default: 5
          --seconds S     the length of a phase; default: 3
          --only NAME,... some of the workers, or of the runs of scale; writes no page
          --record FILE   adds the rounds to those in the file
          --page FILE     writes the page there
          --broker TAG    of the image rabbitmq; default: 4.3
        """;

    public bool IsQuick { get; init; }
    public bool IsScale { get; init; }
    public bool IsFigures { get; init; }
    public int Rounds { get; init; } = 5;

    /// <summary>How long each of a round's phases is measured.</summary>
    public double Seconds { get; init; } = 3;

    public int Latencies { get; init; } = 1_000;
    public int Warm { get; init; } = 20_000;
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Rounds are added to those in this file: a long run may be made of several.</summary>
    public string? Record { get; init; }

    /// <summary>The page to write: a full run of everything writes the page in docs.</summary>
    public string? Page { get; init; }

    public string Image { get; init; } = "rabbitmq:4.3";

    /// <exception cref="ArgumentException">An argument is unknown or wrong.</exception>
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
                var other => throw new ArgumentException($"unknown: {other}"),
            };

            string Next() => ++at < args.Count ? args[at] : throw new ArgumentException($"{args[at - 1]} needs a value");
            double Number() => double.TryParse(Next(), CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
                : throw new ArgumentException($"{args[at - 1]} needs a number");
        }
        return options is { IsQuick: false, Page: null, Names.Count: 0 }
            ? options with { Page = Repository.At("docs", options.IsScale ? "scale.md" : "performance.md") }
            : options;
    }
}
