using System.Globalization;

namespace ReWorker.Faults;

/// <summary>The command line.</summary>
internal sealed record Options
{
    public const string Usage =
        """
        faults [NAME...]             the rows whose names contain NAME; without a NAME, all rows
          --list                     names the rows and runs nothing
          --quick                    only rows that take less than 20 s
          --broker 4.3|4.0|3.10|all  3.10 is the distribution's rabbitmq-server; default: all
          --without-remedy           takes out of the runtime what a row is there for: each row must fail
          --native                   the worker is a native program
          --repeat N, --at-once N    the number of runs, and of rows that run at a time on a broker
          --page FILE                writes a page of all results so far, those in artifacts/faults.jsonl
          --verbose                  shows what the workers of a failed row logged
        soak [MINUTES]               jobs and random faults; default: 30 minutes
          --picture FILE             draws memory, threads and handles
        """;

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

    /// <summary>True to run the worker as a native program instead of this one.</summary>
    public bool IsNative { get; private set; }

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
                case "--native": options.IsNative = true; break;
                case "--verbose": options.IsVerbose = true; break;
                case "--list": options.IsList = true; break;
                case "--page": options.Page = Value("a file"); break;
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
