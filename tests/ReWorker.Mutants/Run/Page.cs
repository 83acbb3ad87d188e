using System.Globalization;
using System.Text;

namespace ReWorker.Mutants.Run;

/// <summary>The results of a run of all mutants, as a page of the docs.</summary>
internal static class Page
{
    private const string Head =
        """
        # Small defects that the tests find

        A mutant is one small, plausible defect in the runtime: a condition is inverted, a release is left out, a limit
        is off by one. The tests should fail with each of them, so that they also fail when a change breaks something.
        The mutants are in `tests/ReWorker.Mutants/Defects`, in one table for each folder of `content/`. They are chosen
        by hand, those first that would lose a job, run it twice, or leave a worker silent.

        `./build.sh mutants` runs them all, `./build.sh mutants NAME` those of a folder, of a type or of that name, and
        `./build.sh mutants --page` writes this page. CI runs a different sample each time.

        One build has all mutants behind switches. For each mutant, the test program runs with its switch on, and only
        with the test classes that its table names. The mutant is found if a test fails, if the program crashes, or if
        it takes three times as long as without the mutant, plus 20 s. Without a mutant, the same classes must pass.
        """;

    private const string Foot =
        """

        ## Why not Stryker.NET

        Stryker.NET 5.1.0, tried on this repository, changes the source mechanically. `content/Wire` alone, less than
        a sixth of the source, got 569 mutants, 113 of which did not compile; the whole source would get about 3,600,
        and many need tests with a broker. Of `Backoff.cs`, with only its own tests in a test project of their own, it
        tried 10 mutants in 50 s: 9 were found, and the other was equivalent. No mutant left out the reset. With the
        whole test project, it gave up twice after its first run without a mutant ("more than 50% failing tests",
        though it named one test; the machine was busy). It mutates one project at a time, which the test project must
        reference directly, and its support for Microsoft.Testing.Platform is a preview. The mutants here are fewer,
        and each is a mistake that someone could make.
        """;

    public static string Write(IReadOnlyList<Verdict> verdicts, TimeSpan took)
    {
        var page = new StringBuilder();
        var day = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        page.AppendLine(Head).AppendLine();
        page.AppendLine(
            $"Run on {day} on {Environment.ProcessorCount} cores with .NET {Environment.Version}, in "
            + $"{took.TotalMinutes:0} minutes.").AppendLine();
        page.AppendLine("| folder of `content/` | found | survived | score | equivalent |");
        page.AppendLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (var one in Score.Compute(verdicts))
            page.AppendLine($"| {one.Folder} | {one.Found} | {one.Survived} | {one.Percent} | {one.Equivalent} |");
        AddSurvivors(page, [.. verdicts.Where(one => !one.IsFound)]);
        page.AppendLine(Foot);
        return page.ToString();
    }

    private static void AddSurvivors(StringBuilder page, IReadOnlyList<Verdict> survivors)
    {
        if (survivors.Count == 0) return;
        page.AppendLine(
            """

            ## Survivors

            An equivalent mutant changes nothing that a test could see, and does not count in the score. The others count,
            and the table says why no test finds them; a row of the [fault matrix](faults.md) may.

            | mutant | in | why no test finds it |
            | --- | --- | --- |
            """);
        foreach (var mutant in survivors.Select(one => one.Case.Mutant))
        {
            var reason = mutant.Survives ?? "no reason yet";
            page.AppendLine($"| {Cell(mutant.Name)} | `{mutant.Symbol}` | {Cell(reason)} |");
        }
    }

    private static string Cell(string text) => text.ReplaceLineEndings(" ")
        .Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
