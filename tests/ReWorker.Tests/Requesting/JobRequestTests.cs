using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Client;
using Xunit;

namespace ReWorker.Tests.Requesting;

/// <summary>A job is checked before it is sent, and its body is the contract's.</summary>
public sealed class JobRequestTests
{
    private const string InvalidNotify = "the job's 'notify' is invalid; allowed: phase → channel → list of targets";

    [Fact]
    public void ToBytes_AllParts_AreInTheBody()
    {
        var notify = JsonNode.Parse("""{"failed":{"irc":["#ops"]}}""")!.AsObject();
        var job = new JobRequest
        {
            Queue = "q", Group = "g", Parameters = new JsonObject { ["a"] = 1 }, Dynamic = new JsonObject { ["b"] = 2 },
            Notify = notify,
        };

        const string expected =
            """{"group":"g","parameters":{"a":1},"dynamic":{"b":2},"notify":{"failed":{"irc":["#ops"]}}}""";
        Assert.Equal(expected, Text(job));
        Assert.Equal(expected, Text(job)); // its parts still belong to the caller
        Assert.Null(notify.Parent);
    }

    [Fact]
    public void ToBytes_NoParts_IsAnEmptyObject() => Assert.Equal("{}", Text(new JobRequest { Queue = "q" }));

    [Fact]
    public void ToBytes_Body_ReplacesTheParts() => Assert.Equal(
        "[1]", Text(new JobRequest { Queue = "q", Group = "g", Parameters = [], Body = new JsonArray(1) }));

    /// <summary>With the prefix "worker.", a queue of 248 bytes has a name of 255.</summary>
    [Theory]
    [InlineData(0, 'q', "the queue name has 0 bytes; allowed: 1 to 255")]
    [InlineData(1, 'q', null)]
    [InlineData(248, 'q', null)]
    [InlineData(249, 'q', "the queue name has 256 bytes; allowed: 1 to 255")]
    [InlineData(124, 'é', null)]
    [InlineData(125, 'é', "the queue name has 257 bytes; allowed: 1 to 255")]
    public void ToBytes_Queue_IsLimitedInBytes(int length, char letter, string? error) =>
        Check(new JobRequest { Queue = new string(letter, length) }, error);

    [Theory]
    [InlineData(0, 'c', "the correlation id has 0 bytes; allowed: 1 to 255")]
    [InlineData(1, 'c', null)]
    [InlineData(255, 'c', null)]
    [InlineData(256, 'c', "the correlation id has 256 bytes; allowed: 1 to 255")]
    [InlineData(127, 'é', null)]
    [InlineData(128, 'é', "the correlation id has 256 bytes; allowed: 1 to 255")]
    public void ToBytes_CorrelationId_IsLimitedInBytes(int length, char letter, string? error) =>
        Check(new JobRequest { Queue = "q", CorrelationId = new string(letter, length) }, error);

    [Theory]
    [InlineData("-00:00:00.0010000", null)] // Timeout.InfiniteTimeSpan
    [InlineData("00:00:00.0000001", null)]
    [InlineData("24.00:00:00", null)]
    [InlineData("00:00:00", "00:00:00")]
    [InlineData("-00:00:01", "-00:00:01")]
    [InlineData("24.00:00:00.0000001", "24.00:00:00.0000001")]
    public void ToBytes_Timeout_IsInRange(string timeout, string? rejected) => Check(
        new JobRequest { Queue = "q", Timeout = TimeSpan.Parse(timeout, null) },
        rejected is null
            ? null
            : $"the timeout is {rejected}; allowed: more than 0, at most 24.00:00:00, or Timeout.InfiniteTimeSpan");

    [Theory]
    [InlineData("5", "the job's body can't be read: it is a number; allowed: an object or a list")]
    [InlineData("""{"dynamic":[]}""", "the job's 'dynamic' is a list; allowed: an object")]
    [InlineData("""{"notify":null}""", null)]
    [InlineData("""{"notify":{}}""", null)]
    [InlineData("""[{"notify":5}]""", null)]
    [InlineData("""{"notify":{"failed":{}}}""", null)]
    [InlineData("""{"notify":{"failed":{"irc":"#a","email":["b","c"]},"started":{"irc":[]}}}""", null)]
    [InlineData("""{"notify":[]}""", InvalidNotify)]
    [InlineData("""{"notify":{"failed":null}}""", InvalidNotify)]
    [InlineData("""{"notify":{"failed":["#a"]}}""", InvalidNotify)]
    [InlineData("""{"notify":{"failed":{"irc":"#a","email":5}}}""", InvalidNotify)]
    [InlineData("""{"notify":{"failed":{"irc":"#a"},"started":{"irc":[5]}}}""", InvalidNotify)]
    [InlineData(
        """{"notify":{"failed":{},"ended":{}}}""",
        "the job's 'notify' has a phase 'ended'; allowed: started, completed, failed")]
    public void ToBytes_Body_IsChecked(string body, string? error) =>
        Check(new JobRequest { Queue = "q", Body = JsonNode.Parse(body) }, error);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void ToBytes_Size_IsLimitedTo16MiB(int more)
    {
        const int max = 16 * 1024 * 1024;
        var text = new string('x', max + more - 4);

        Check(
            new JobRequest { Queue = "q", Body = new JsonArray(text) },
            more == 0 ? null : $"the job's body can't be read: it has {max + 1} bytes; allowed: {max}");
    }

    [Fact]
    public void CorrelationId_NotGiven_IsNewForEachJob() => Assert.NotEqual(
        new JobRequest { Queue = "q" }.CorrelationId, new JobRequest { Queue = "q" }.CorrelationId);

    [Fact]
    public void Timeout_NotGiven_IsForever() =>
        Assert.Equal(Timeout.InfiniteTimeSpan, new JobRequest { Queue = "q" }.Timeout);

    [Fact]
    public void NewId_Later_SortsAfter()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var ids = new List<string>();
        for (var i = 0; i < 200; i++, time.Advance(TimeSpan.FromMilliseconds(7 * (i + 1)))) ids.Add(JobIds.New(time));

        Assert.All(ids, id => Assert.Matches("^0000[0-9A-HJKMNP-TV-Z]{22}$", id));
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    /// <summary>The first 50 bits hold the milliseconds: 48 of the UUID, after two zeros that fill the text.</summary>
    [Fact]
    public void NewId_OfATime_BeginsWithItAsBase32()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(0x0123_4567_89AB));

        var ids = Enumerable.Range(0, 100).Select(_ => JobIds.New(time)).ToList();

        Assert.All(ids, id => Assert.StartsWith("014D2PF2DB", id, StringComparison.Ordinal));
        Assert.Equal(100, ids.Distinct().Count());
        // each letter of the alphabet occurs
        Assert.Equal(32, ids.SelectMany(id => id[11..]).Distinct().Count());
    }

    [Theory]
    [InlineData("00:01:00", true)]
    [InlineData("1.00:00:00", true)]
    [InlineData("00:00:59.9990000", false)]
    [InlineData("1.00:00:00.0010000", false)]
    public void Options_ReplyQueueLifetime_IsInRange(string lifetime, bool isValid)
    {
        var options = new JobClientOptions { ReplyQueueLifetime = TimeSpan.Parse(lifetime, null) };

        var error = Record.Exception(options.Validate);

        Assert.Equal(isValid ? null : $"ReplyQueueLifetime is {lifetime}; allowed: 1 min to 24 h", error?.Message);
        Assert.True(error is null or ArgumentException);
    }

    [Fact]
    public void Options_NotSet_HaveTheirDefaults()
    {
        var options = new JobClientOptions();

        options.Validate();
        Assert.Equal(
            (true, TimeSpan.FromMinutes(10), TimeSpan.Zero),
            (options.FollowOutput, options.ReplyQueueLifetime, options.QueueTimeout));
    }

    private static string Text(JobRequest job) => Encoding.UTF8.GetString(job.ToBytes());

    private static void Check(JobRequest job, string? error)
    {
        var thrown = Record.Exception(job.ToBytes);

        Assert.Equal(error, thrown?.Message);
        Assert.True(thrown is null or ArgumentException);
    }
}
