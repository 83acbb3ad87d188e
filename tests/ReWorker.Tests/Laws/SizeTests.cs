using Xunit;

namespace ReWorker.Tests.Laws;

/// <summary>The source that an owner takes over stays small.</summary>
public sealed class SizeTests
{
    private const int MaxColumns = 120;
    private const int MaxLinesOfAFile = 250;

    private static readonly string Content = Repository.At("content");

    [Theory]
    [InlineData("Runtime", 3_500)]
    [InlineData("Wire", 1_200)]
    [InlineData("Client", 850)]
    [InlineData("Tools", 2_400)]
    [InlineData("Testing", 300)]
    public void Project_HasAtMost(string project, int lines)
    {
        var total = Sources(project).Sum(source => source.Lines.Length);

        Assert.True(total <= lines, $"content/{project} has {total} lines; allowed: {lines}");
    }

    [Fact]
    public void Files_HaveAtMost250Lines() => Law.Holds(Sources("")
        .Where(source => source.Lines.Length > MaxLinesOfAFile)
        .Select(source => $"{source.File} has {source.Lines.Length} lines; allowed: {MaxLinesOfAFile}"));

    [Fact]
    public void Lines_HaveAtMost120Columns() => Law.Holds(
        from source in Sources("")
        from line in source.Lines.Index()
        where line.Item.Length > MaxColumns
        select $"{source.File}:{line.Index + 1} has {line.Item.Length} columns; allowed: {MaxColumns}");

    private static IEnumerable<(string File, string[] Lines)> Sources(string folder) =>
        from path in Directory.EnumerateFiles(Path.Combine(Content, folder), "*.cs", SearchOption.AllDirectories)
        let file = Path.GetRelativePath(Content, path).Replace('\\', '/')
        where !file.Split('/').Any(part => part is "bin" or "obj")
        select ($"content/{file}", File.ReadAllLines(path));
}
