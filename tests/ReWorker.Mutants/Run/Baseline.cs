using System.Globalization;
using System.Xml.Linq;

namespace ReWorker.Mutants.Run;

/// <summary>What test classes do without a mutant: they pass, and take some time.</summary>
/// <param name="times">The sum of the times of a class's tests, by simple name.</param>
internal sealed class Baseline(IReadOnlyDictionary<string, TimeSpan> times)
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(20);

    /// <summary>Runs each class once, several of them in one process.</summary>
    /// <exception cref="RunException">A test fails, or a class runs none; the message names them.</exception>
    public static async Task<Baseline> RunAsync(
        IEnumerable<string> classes, Brokers brokers, int atOnce, CancellationToken cancel)
    {
        var parts = classes.Distinct().Order(StringComparer.Ordinal).Index()
            .GroupBy(one => one.Index % atOnce, one => one.Item);
        var times = await Task.WhenAll(parts.Select(part => TimesAsync([.. part], brokers, cancel)));
        return new(times.SelectMany(part => part).ToDictionary());
    }

    /// <summary>How long the classes may take with a mutant.</summary>
    public TimeSpan Limit(IEnumerable<string> classes) =>
        classes.Aggregate(Slack, (limit, one) => limit + (3 * times[one]));

    private static async Task<Dictionary<string, TimeSpan>> TimesAsync(
        IReadOnlyList<string> classes, Brokers brokers, CancellationToken cancel)
    {
        var file = Path.Combine(WovenBuild.Folder, $"{Guid.NewGuid():n}.xml");
        try
        {
            var run = await brokers.RunAsync(mutant: null, classes, LongestRun, cancel, file);
            if (run.Failure is { } failure)
                throw new RunException($"The tests must pass without a mutant, but: {failure}\n{run.Output}");
            var tests = XDocument.Load(file).Descendants("test").Where(test => Read(test, "result") == "Pass")
                .ToLookup(test => Read(test, "type").Split('.')[^1], test => Read(test, "time"));
            if (classes.FirstOrDefault(one => !tests.Contains(one)) is { } idle)
                throw new RunException($"No test of the class {idle} passed without a mutant:\n{run.Output}");
            return tests.ToDictionary(
                one => one.Key,
                one => TimeSpan.FromSeconds(one.Sum(time => double.Parse(time, CultureInfo.InvariantCulture))));
        }
        finally
        {
            File.Delete(file);
        }

        static string Read(XElement test, string attribute) => (string)test.Attribute(attribute)!;
    }
}
