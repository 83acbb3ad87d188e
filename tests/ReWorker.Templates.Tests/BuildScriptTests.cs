namespace ReWorker.Templates.Tests;

/// <summary>build.sh has only what a bare machine needs, so that a newcomer can read it in one sitting.</summary>
public sealed class BuildScriptTests
{
    private const int MaxLines = 150;
    private const int MaxColumns = 120;

    [Fact]
    public void Script_Always_StaysShort()
    {
        var script = Repository.At("build.sh");

        var lines = File.ReadAllLines(script);

        Assert.InRange(lines.Length, 1, MaxLines);
        Assert.DoesNotContain(lines, line => line.Length > MaxColumns);
    }
}
