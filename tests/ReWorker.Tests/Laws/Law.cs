using Xunit;

namespace ReWorker.Tests.Laws;

/// <summary>Fails with all violations, one a line; xunit's own message cuts them short.</summary>
internal static class Law
{
    public static void Holds(IEnumerable<object> violations)
    {
        var all = violations.ToList();
        Assert.True(all.Count == 0, string.Join(Environment.NewLine, all));
    }
}
