using System.Globalization;

namespace ReWorker.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public bool IsQuick { get; init; }
    public bool IsScale { get; init; }
    public int Rounds { get; init; } = 5;

    /// <summary>How long each of a round's phases is measured.</summary>
    public double Seconds { get; init; } = 3;

    public int Latencies { get; init; } = 1_000;
    public int Warm { get; init; } = 20_000;
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Rounds are added to those in this file: a long run may be made of several.</summary>
    public string? Record { get; init; }
    public string? Page { get; init; }
    public string? StepJit { get; init; }
    public string? StepAot { get; init; }
    public string? Images { get; init; }
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
                "--rounds" => options with { Rounds = (int)Number() },
                "--seconds" => options with { Seconds = Number() },
                "--only" => options with { Names = Next().Split(',') },
                "--record" => options with { Record = Next() },
                "--page" => options with { Page = Next() },
                "--step" => options with { StepJit = Next() },
                "--step-aot" => options with { StepAot = Next() },
                "--images" => options with { Images = Next() },
                "--broker" => options with { Image = $"rabbitmq:{Next()}" },
                var other => throw new ArgumentException($"unknown: {other}"),
            };

            string Next() => ++at < args.Count ? args[at] : throw new ArgumentException($"{args[at - 1]} needs a value");
            double Number() => double.TryParse(Next(), CultureInfo.InvariantCulture, out var number) && number > 0 ? number : throw new ArgumentException($"{args[at - 1]} needs a number");
        }
        return options;
    }
}
