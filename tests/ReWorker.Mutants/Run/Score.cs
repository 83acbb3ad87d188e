using System.Globalization;

namespace ReWorker.Mutants.Run;

/// <summary>The score of a folder: found mutants, of all that are not equivalent.</summary>
internal sealed record Score(string Folder, int Found, int Survived, int Equivalent)
{
    public int Total => Found + Survived;

    public string Percent =>
        Total == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * Found / Total:0.0} %");

    /// <summary>One for each folder, then the sum.</summary>
    public static IReadOnlyList<Score> Compute(IReadOnlyList<Verdict> verdicts) =>
    [
        .. verdicts.GroupBy(one => one.Case.Folder).OrderBy(one => one.Key).Select(one => Add(one.Key, one)),
        Add("all", verdicts),
    ];

    public static string Table(IReadOnlyList<Score> scores)
    {
        var rows = scores.Select(one =>
            Row(one.Folder, $"{one.Found}", $"{one.Survived}", $"{one.Total}", one.Percent, $"{one.Equivalent}"));
        return string.Join('\n', rows.Prepend(Row("folder", "found", "survived", "total", "score", "equivalent")));

        static string Row(
            string folder, string found, string survived, string total, string percent, string equivalent) =>
            $"{folder,-24}{found,8}{survived,10}{total,8}{percent,9}{equivalent,12}";
    }

    private static Score Add(string folder, IEnumerable<Verdict> verdicts)
    {
        var list = verdicts.ToList();
        var equivalent = list.Count(one => !one.IsFound && one.Case.Mutant.IsEquivalent);
        var found = list.Count(one => one.IsFound);
        return new(folder, found, list.Count - found - equivalent, equivalent);
    }
}
