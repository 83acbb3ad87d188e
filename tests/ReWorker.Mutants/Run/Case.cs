namespace ReWorker.Mutants.Run;

/// <summary>A mutant with its table's folder, and the test classes that should find it.</summary>
internal sealed record Case(string Folder, Mutant Mutant, IReadOnlyList<string> Tests)
{
    public static IReadOnlyList<Case> All { get; } =
    [
        .. from table in DefectTable.All
           from mutant in table.Mutants
           orderby table.Folder
           select new Case(table.Folder, mutant, mutant.Tests ?? table.Tests),
    ];

    public string Type => Mutant.Symbol.Split('.')[0];

    /// <exception cref="ArgumentException">A name fits no mutant; the message says which names are allowed.</exception>
    public static IReadOnlyList<Case> Select(RunOptions options)
    {
        if (options.Names.FirstOrDefault(name => !All.Any(one => one.Is(name))) is { } unknown)
        {
            throw new ArgumentException(
                $"""
                no mutant, folder or type is named {unknown}; --list shows all mutants. Allowed are also
                  the folders {Join(one => one.Folder)}
                  the types {Join(one => one.Type)}
                """);
        }
        var named = All.Where(one => options.Names.Count == 0 || options.Names.Any(one.Is)).ToArray();
        if (options.Sample is not { } count) return named;
        new Random(options.Seed).Shuffle(named);
        // the first of each folder, then the second of each
        return [.. named.GroupBy(one => one.Folder).SelectMany(one => one.Index()).OrderBy(one => one.Index)
            .Select(one => one.Item).Take(count)];
    }

    private static string Join(Func<Case, string> part) =>
        string.Join(", ", All.Select(part).Distinct().Order(StringComparer.Ordinal));

    private bool Is(string name) => name == Mutant.Name || name == Type || name == Folder
        || Folder.StartsWith($"{name.TrimEnd('/')}/", StringComparison.Ordinal);
}
