using System.Globalization;

namespace ReWorker.Mutants.Run;

/// <summary>The command line.</summary>
internal sealed record RunOptions
{
    public const string Usage =
        """
        mutants [NAME...]   runs the tests once for each mutant: a NAME is a mutant's name, a folder of content/
                            (Runtime/Running) or a type (Ledger); without a NAME, all mutants
          --list            names the mutants and runs nothing
          --sample N        N of them at random, from all folders in turn
          --seed S          the same sample again
          --at-once N       how many runs at a time; default: 2
          --verbose         also shows the mutants that a test found, and which test
          --page            after a run of all mutants: writes docs/mutants.md

        One build has all mutants; it stays in artifacts/mutants for the next run. A mutant is found if a test fails,
        crashes, or takes three times as long as without the mutant, plus 20 s. The tests are those that the mutant or
        its table names; artifacts/mutants/results.txt says which of them found a mutant in the last run. Exit status 1:
        a mutant survived without a reason, or was found in spite of its reason.
        """;

    private List<string> _names = [];

    public IReadOnlyList<string> Names => _names;

    public bool IsHelp { get; private set; }

    public bool IsList { get; private set; }

    public bool IsVerbose { get; private set; }

    public bool WritesPage { get; private set; }

    /// <summary>How many mutants; null for all that are named.</summary>
    public int? Sample { get; private set; }

    public int Seed { get; private set; } = Random.Shared.Next(1, 1_000_000);

    public int AtOnce { get; private set; } = 2;

    /// <exception cref="ArgumentException">An option is wrong; the message says which and what is allowed.</exception>
    public static RunOptions Parse(string[] args)
    {
        var options = new RunOptions();
        for (var at = 0; at < args.Length; at++)
        {
            switch (args[at])
            {
                case "--help": options.IsHelp = true; break;
                case "--list": options.IsList = true; break;
                case "--verbose": options.IsVerbose = true; break;
                case "--page": options.WritesPage = true; break;
                case "--sample": options.Sample = Number(); break;
                case "--seed": options.Seed = Number(); break;
                case "--at-once": options.AtOnce = Number(); break;
                case var name when name.StartsWith('-'):
                    throw new ArgumentException($"unknown option: {name}; --help shows all options");
                case var name: options._names.Add(name); break;
            }

            int Number()
            {
                var text = ++at < args.Length ? args[at] : "";
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                    ? number
                    : throw new ArgumentException($"{args[at - 1]} {text}; allowed: a number from 1 on");
            }
        }
        if (options.WritesPage && (options.Names.Count > 0 || options.Sample is not null))
            throw new ArgumentException("--page needs a run of all mutants; allowed: --page without NAME and --sample");
        return options;
    }
}
