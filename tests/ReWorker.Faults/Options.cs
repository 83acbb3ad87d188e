namespace ReWorker.Faults;

/// <summary>The command line.</summary>
internal sealed record Options
{
    public List<string> Names { get; } = [];

    public On Brokers { get; private set; } = On.Every;

    /// <summary>Only what takes under 20 s.</summary>
    public bool IsQuick { get; private set; }

    /// <summary>Each row without its remedy: it must fail.</summary>
    public bool WithoutRemedy { get; private set; }

    public bool IsVerbose { get; private set; }

    public bool IsList { get; private set; }

    /// <summary>How many rows are run at a time on each broker.</summary>
    public int AtOnce { get; private set; } = 5;

    public int Repeat { get; private set; } = 1;

    /// <summary>The page to write.</summary>
    public string? Page { get; private set; }

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
                case "--page": options.Page = args[++at]; break;
                case "--at-once": options.AtOnce = int.Parse(args[++at], System.Globalization.CultureInfo.InvariantCulture); break;
                case "--repeat": options.Repeat = int.Parse(args[++at], System.Globalization.CultureInfo.InvariantCulture); break;
                case "--broker":
                    options.Brokers = args[++at] switch { "4.3" => On.V43, "4.0" => On.V40, "3.10" => On.V310, "all" => On.Every, var other => throw new ArgumentException($"--broker {other}; allowed: 4.3, 4.0, 3.10, all") };
                    break;
                case var name when name.StartsWith('-'): throw new ArgumentException($"unknown: {name}");
                case var name: options.Names.Add(name); break;
            }
        }
        return options;
    }
}
