using System.Text;
using System.Text.Json;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>A job's body is read within its limits, and what is wrong with it is said exactly.</summary>
public sealed class JobReaderTests
{
    private const string OnlyObjects = "; allowed: one JSON value, at most 64 deep, no key twice";

    [Fact]
    public void TryRead_Object_HasItsParts()
    {
        const string body = """{"group":"g","parameters":{"hosts":["a"]},"dynamic":{"n":1,"m":null},"other":true}""";

        var job = Read(body);

        Assert.Equal(body, job.Body.GetRawText());
        Assert.Equal(("g", """{"hosts":["a"]}"""), (job.Group, job.Parameters.GetRawText()));
        Assert.Equal(["m null", "n 1"], job.Dynamic.Select(one => $"{one.Key} {one.Value.GetRawText()}").Order());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData(" {}\n")]
    [InlineData("""[{"group":"g","parameters":5}]""")]
    [InlineData("""{"group":null,"parameters":null,"dynamic":null,"notify":null}""")]
    [InlineData("""{"Group":"g","Parameters":5,"Dynamic":5}""")]
    public void TryRead_PartsMissingOrNull_AreEmpty(string body)
    {
        var job = Read(body);

        Assert.Equal(("", JsonValueKind.Undefined), (job.Group, job.Parameters.ValueKind));
        Assert.Empty(job.Dynamic);
        Assert.All(Enum.GetValues<Phase>(), phase => Assert.Empty(job.Notify.For(phase)));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("{}")]
    [InlineData("""["g"]""")]
    public void TryRead_GroupIsNoText_IsIgnored(string group) =>
        Assert.Equal("", Read($$"""{"group":{{group}}}""").Group);

    [Theory]
    [InlineData("[]", "a list")]
    [InlineData("\"x\"", "a string")]
    [InlineData("0", "a number")]
    [InlineData("true", "a boolean")]
    [InlineData("false", "a boolean")]
    public void TryRead_ParametersOrDynamicOfAnotherKind_IsAnsweredAndNotParked(string value, string kind)
    {
        foreach (var key in new[] { "parameters", "dynamic" })
        {
            var expected = new JobError($"the job's '{key}' is {kind}; allowed: an object", park: false);
            Assert.Equal(expected, Error($$"""{"{{key}}":{{value}}}"""));
        }
    }

    [Fact]
    public void TryRead_NotifyOverALimit_IsAnsweredAndNotParked()
    {
        var body = $$"""{"notify":{"failed":{"{{new string('x', 249)}}":"#a"} } }""";

        Assert.Equal(
            new JobError("the job's 'notify' names a channel of 249 bytes; allowed: 248", park: false), Error(body));
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void TryRead_SizeAtTheLimit_IsTheLargestAllowed(int more, bool isTooLarge)
    {
        const int max = 100;
        var body = Encoding.UTF8.GetBytes($"[\"{new string('x', max + more - 4)}\"]");

        var error = JobReader.TryRead(body, max, out var job);

        var expected = new JobError("the job's body can't be read: it has 101 bytes; allowed: 100", park: true);
        Assert.Equal(isTooLarge ? expected : null, error);
        Assert.Equal(isTooLarge, job is null);
    }

    [Theory]
    [InlineData("", "it is empty; allowed: a JSON object or list")]
    [InlineData("\uFEFF{}", "it begins with a byte order mark; allowed: plain UTF-8")]
    [InlineData("\"{}\"", "it is a string; allowed: an object or a list")]
    [InlineData("42", "it is a number; allowed: an object or a list")]
    [InlineData("null", "it is null; allowed: an object or a list")]
    [InlineData("false", "it is a boolean; allowed: an object or a list")]
    public void TryRead_NotAJob_IsParkedWithTheReason(string body, string reason) =>
        Assert.Equal(new JobError($"the job's body can't be read: {reason}", park: true), Error(body));

    [Theory]
    [InlineData("{} {}")]
    [InlineData("[1,]")]
    [InlineData("[1]//")]
    [InlineData("[01]")]
    [InlineData("[+1]")]
    [InlineData("[.5]")]
    [InlineData("[NaN]")]
    [InlineData("['a']")]
    [InlineData("[\"a\nb\"]")]
    [InlineData("""{"a":{"b":[{"c":1,"c":1}]}}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    public void TryRead_NotStrictJson_SaysWhatIsAllowed(string body)
    {
        var error = Error(body)!;

        Assert.True(error.Park);
        Assert.EndsWith(OnlyObjects, error.ReplyText, StringComparison.Ordinal);
        Assert.DoesNotContain(".;", error.ReplyText, StringComparison.Ordinal);
    }

    [Fact]
    public void TryRead_SameKeyInDifferentObjects_IsRead() => Read("""{"a":{"a":1},"b":{"a":1},"A":2}""");

    [Fact]
    public void TryRead_ByteOrderMarkInAText_IsKept() =>
        Assert.Equal("\uFEFFg", Read("{\"group\":\"\uFEFFg\"}").Group);

    [Theory]
    [InlineData(63, "", true)]
    [InlineData(64, "", true)]
    [InlineData(65, "", false)]
    [InlineData(64, @"""\ud83d\ude00""", true)] // escapes are checked by a second reader, which has the same limit
    [InlineData(65, @"""\ud83d\ude00""", false)]
    public void TryRead_DepthAtTheLimit_IsTheLargestAllowed(int depth, string content, bool isRead)
    {
        var error = Error($"{new string('[', depth)}{content}{new string(']', depth)}");

        Assert.Equal(isRead, error is null);
        if (!isRead) Assert.EndsWith(OnlyObjects, error!.ReplyText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"\ud83d\ude00", "😀")]
    [InlineData(@"\uD83D\uDE00", "😀")]
    [InlineData(@"\\ud800", @"\ud800")]
    [InlineData(@"\u00fc", "ü")]
    public void TryRead_EscapesThatAreText_AreRead(string json, string text) =>
        Assert.Equal(text, Read($$"""{"group":"{{json}}"}""").Group);

    [Theory]
    [InlineData("""{"group":"\ud800"}""", 17)]
    [InlineData("""{"group":"\uD800"}""", 17)]
    [InlineData("""{"group":"\udc00\ud800"}""", 23)]
    [InlineData("""{"x":[{"\uDBFF":1}]}""", 16)]
    public void TryRead_HalfOfASurrogatePair_IsParkedWithItsPlace(string body, int place)
    {
        var reason = $"the text before byte {place} contains half of a surrogate pair{OnlyObjects}";

        Assert.Equal(new JobError($"the job's body can't be read: {reason}", park: true), Error(body));
    }

    [Fact]
    public void TryRead_NotUtf8_IsParked()
    {
        var error = JobReader.TryRead([.. "[\""u8, 0xFF, .. "\"]"u8], 100, out _);

        Assert.Equal(new JobError("the job's body can't be read: it is not UTF-8", park: true), error);
    }

    /// <summary>The step converts them; the reader neither rounds nor rejects them.</summary>
    [Theory]
    [InlineData("123456789012345678901234567890")]
    [InlineData("1.10")]
    [InlineData("1e400")]
    [InlineData("-0")]
    public void TryRead_Numbers_KeepTheirDigits(string number) => Assert.Equal(
        number, Read($$"""{"parameters":{"n":{{number}} } }""").Parameters.GetProperty("n").GetRawText());

    [Fact]
    public void TryRead_BufferReusedAfterwards_JobIsUnchanged()
    {
        var body = """{"group":"g","dynamic":{"n":1}}"""u8.ToArray();
        Assert.Null(JobReader.TryRead(body, 100, out var job));

        Array.Clear(body);

        Assert.Equal((1, "{\"n\":1}"), (job!.Dynamic["n"].GetInt32(), job.Body.GetProperty("dynamic").GetRawText()));
    }

    private static JobContent Read(string body)
    {
        Assert.Null(JobReader.TryRead(Encoding.UTF8.GetBytes(body), 1000, out var job));
        return job!;
    }

    private static JobError? Error(string body)
    {
        var error = JobReader.TryRead(Encoding.UTF8.GetBytes(body), 1000, out var job);
        Assert.Equal(error is null, job is not null);
        return error;
    }
}
