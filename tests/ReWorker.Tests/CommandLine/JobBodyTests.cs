using System.Text;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Contract;
using Xunit;
using Command = System.CommandLine.Command;

namespace ReWorker.Tests.CommandLine;

/// <summary>The body that <c>submit</c> builds from a file and its options.</summary>
public sealed class JobBodyTests
{
    public static TheoryData<string, string, string> Bodies => new()
    {
        { "", "", "{}" },
        { "", "--group g --subcommand Restart", """{"parameters":{"subcommand":"Restart"},"group":"g"}""" },
        {
            "", "-p text=1.5.0 -p number=1.50 -p list=[1] -p none= -p null=null -p sum=a=b -p at=@x",
            """{"parameters":{"text":"1.5.0","number":1.50,"list":[1],"none":"","null":null,"sum":"a=b","at":"@x"}}"""
        },
        { "", "-d environment=dev -d n=1", """{"dynamic":{"environment":"dev","n":1}}""" },
        { "", "-p same=1 -p same=2", """{"parameters":{"same":2}}""" },
        { "", "--host a --host b", """{"parameters":{"hosts":["a","b"]}}""" },
        {
            """{"parameters":{"hosts":["x"],"keep":1},"dynamic":{"d":1},"group":"a","own":[1]}""",
            "-j - -p new=2 -d d=2 --host y --group b",
            """{"parameters":{"hosts":["y"],"keep":1,"new":2},"dynamic":{"d":2},"group":"b","own":[1]}"""
        },
        { """{"parameters":null}""", "-j - -p a=1", """{"parameters":{"a":1}}""" },
        { "\uFEFF{\"a\":1}", "-j -", """{"a":1}""" },
        { "[1, {}]", "-j - -q x -t 1s --json", "[1,{}]" },
        { "", "--notify failed:irc=#a:b=c", """{"notify":{"failed":{"irc":["#a:b=c"]}}}""" },
        {
            "", "--notify started:irc=#a --notify completed:irc=#a --notify started:irc=#b --notify started:email=x",
            """{"notify":{"started":{"irc":["#a","#b"],"email":["x"]},"completed":{"irc":["#a"]}}}"""
        },
        {
            """{"notify":{"failed":{"irc":"#one","email":["a"]}}}""", "-j - --notify failed:irc=#two",
            """{"notify":{"failed":{"irc":["#one","#two"],"email":["a"]}}}"""
        },
        {
            """{"notify":{"failed":{"irc":["#one"]}}}""", "-j - --notify failed:irc=#two",
            """{"notify":{"failed":{"irc":["#one","#two"]}}}"""
        },
    };

    public static TheoryData<string, string, string> Errors => new()
    {
        { "", "-p =x", "--parameter is '=x'; allowed: KEY=VALUE" },
        { "", "-d x", "--dynamic is 'x'; allowed: KEY=VALUE" },
        { "", "--notify failed:irc", "--notify is 'failed:irc'; allowed: " },
        { "", "--notify failed:=#a", "--notify is 'failed:=#a'; allowed: " },
        { "", "--notify :irc=#a", "--notify is ':irc=#a'; allowed: " },
        { "", "--notify Failed:irc=#a", "--notify is 'Failed:irc=#a'; allowed: " },
        { "[1]", "-j - -p a=1", "standard input is a list; options such as --parameter need an object" },
        { "[1]", "-j - -d a=1", "standard input is a list; " },
        { "[1]", "-j - --host a", "standard input is a list; " },
        { "[1]", "-j - --subcommand a", "standard input is a list; " },
        { "[1]", "-j - --group a", "standard input is a list; " },
        { "[1]", "-j - --notify failed:irc=#a", "standard input is a list; " },
        { "1", "-j -", "standard input: the job's body can't be read: it is a number; " },
        { """{"dynamic":[]}""", "-j -", "standard input: the job's 'dynamic' is a list; allowed: an object" },
    };

    [Theory, MemberData(nameof(Bodies))]
    public void Create_FileAndOptions_MergesThem(string input, string options, string expected) =>
        Assert.Equal(expected, Create(input, options));

    [Theory, MemberData(nameof(Errors))]
    public void Create_InvalidInput_NamesItAndWhatIsAllowed(string input, string options, string expected)
    {
        var error = Assert.Throws<UsageException>(() => Create(input, options));

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Create_BodyNearTheLimit_IsReadUpToTheLimit(int beyond, bool isRead)
    {
        var json = $"[\"{new string('x', SendRules.MaxBodyBytes + beyond - 4)}\"]";

        if (isRead) Assert.Equal(json.Length, Create(json, "-j -").Length);
        else Assert.Throws<UsageException>(() => Create(json, "-j -"));
    }

    [Fact]
    public void Create_FileIsNotValid_NamesTheFile()
    {
        using var file = new TempFile("{");

        var error = Assert.Throws<UsageException>(() => Create("{}", $"-j {file.Path}"));

        Assert.StartsWith($"{file.Path}: the job's body can't be read: ", error.Message, StringComparison.Ordinal);
    }

    private static string Create(string input, string options)
    {
        var known = new SubmitOptions();
        var command = new Command("submit");
        foreach (var option in known.All) command.Add(option);
        var parsed = command.Parse(options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(parsed.Errors);
        return JobBody.Create(parsed, known, new MemoryStream(Encoding.UTF8.GetBytes(input))).ToJsonString(Relaxed);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
