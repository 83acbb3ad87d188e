namespace ReWorker.Templates.Tests;

/// <summary>A line diff: removed lines with <c>-</c>, added lines with <c>+</c>.</summary>
internal static class Difference
{
    public static IReadOnlyList<string> Between(string[] before, string[] after)
    {
        // the length of the longest common subsequence from each pair of lines to the end
        var common = new int[before.Length + 1, after.Length + 1];
        for (var i = before.Length - 1; i >= 0; i--)
        {
            for (var j = after.Length - 1; j >= 0; j--)
            {
                common[i, j] = before[i] == after[j]
                    ? common[i + 1, j + 1] + 1
                    : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var lines = new List<string>();
        for (var (i, j) = (0, 0); i < before.Length || j < after.Length;)
        {
            if (i < before.Length && j < after.Length && before[i] == after[j])
                (i, j) = (i + 1, j + 1);
            else if (j == after.Length || (i < before.Length && common[i + 1, j] >= common[i, j + 1]))
                lines.Add($"- {before[i++]}");
            else
                lines.Add($"+ {after[j++]}");
        }

        return lines;
    }
}
