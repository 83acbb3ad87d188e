using System.Globalization;

namespace ReWorker.Faults;

/// <summary>The command line.</summary>
internal sealed record Options
{
    public List<string> Names { get; } = [];

    public On Brokers { get; private set; } = On.Every;

    /// <summary>Runs only rows that take less than 20 s.</summary>
    public bool IsQuick { get; private set; }

    /// <summary>Runs each row without its remedy: it must fail.</summary>
    public bool WithoutRemedy { get; private set; }

    public bool IsVerbose { get; private set; }

    public bool IsList { get; private set; }

    /// <summary>How many rows run at a time on each broker.</summary>
    public int AtOnce { get; private set; } = 5;

    public int Repeat { get; private set; } = 1;

    /// <summary>The file of the page to write.</summary>
    public string? Page { get; private set; }

    /// <summary>The program that runs as the worker, with the argument <c>worker</c>; null: this one.</summary>
    public string? Worker { get; private set; }

    /// <exception cref="ArgumentException">An option is wrong; the message says which and what is allowed.</exception>
    public static Options Parse(string[] args)
    {
        var options = new Options();
        for (var at = 0; at < args.Length; at++)
        {
            switch (args[at])
            {
                case "--quick": options.IsQuick = true; break;
                case "--without-remedy": options.WithoutRemedy = true; break;
                case "--verbose": options.IsVerbose = true; break;
                case "--list": options.IsList = true; break;
                case "--page": options.Page = Value("a file"); break;
                case "--worker": options.Worker = Value("a program"); break;
                case "--at-once": options.AtOnce = Number(); break;
                case "--repeat": options.Repeat = Number(); break;
                case "--broker":
                    options.Brokers = Value("4.3, 4.0, 3.10, all") switch
                    {
                        "4.3" => On.V43,
                        "4.0" => On.V40,
                        "3.10" => On.V310,
                        "all" => On.Every,
                        var other => throw new ArgumentException($"--broker {other}; allowed: 4.3, 4.0, 3.10, all"),
                    };
                    break;
                case var name when name.StartsWith('-'): throw new ArgumentException($"unknown option: {name}");
                case var name: options.Names.Add(name); break;
            }

            string Value(string allowed) => ++at < args.Length
                ? args[at]
                : throw new ArgumentException($"{args[at - 1]} has no value; allowed: {allowed}");

            int Number()
            {
                var text = Value("a number");
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                    ? number
                    : throw new ArgumentException($"{args[at - 1]} {text}; allowed: a number from 1 on");
            }
        }
        return options;
    }
}
