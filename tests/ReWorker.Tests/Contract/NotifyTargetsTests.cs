using System.Text.Json;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>Whom a job wants to be notified is read in order and within limits; anything else is skipped.</summary>
public sealed class NotifyTargetsTests
{
    [Fact]
    public void For_EachPhase_HasItsOwnChannelsInOrder()
    {
        var targets = Read("""
            {"started":{"irc":["#s"]},"completed":{"z":["2","1"],"a":"one"},"failed":{"irc":[],"email":["f"]}}
            """);

        Assert.Equal(["irc #s"], Channels(targets, Phase.Started));
        Assert.Equal(["z 2,1", "a one"], Channels(targets, Phase.Completed));
        Assert.Equal(["irc ", "email f"], Channels(targets, Phase.Failed));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("\"failed\"")]
    [InlineData("""{"Failed":{"irc":["#a"]},"ended":{"irc":["#a"]},"":{"irc":["#a"]} }""")]
    [InlineData("""{"failed":["#a"],"started":"#a","completed":null}""")]
    [InlineData("""{"failed":{"irc":5,"email":["a",5],"jabber":null,"x":{"a":"b"},"y":true,"z":[["a"]]}}""")]
    public void TryRead_OfAnotherForm_IsSkipped(string json)
    {
        var targets = Read(json);

        Assert.All(Enum.GetValues<Phase>(), phase => Assert.Empty(targets.For(phase)));
    }

    [Fact]
    public void TryRead_Missing_IsEmpty()
    {
        Assert.Null(NotifyTargets.TryRead(default, out var targets));

        Assert.Empty(targets.For(Phase.Failed));
    }

    [Fact]
    public void TryRead_InvalidAmongValid_KeepsTheValid()
    {
        var targets = Read("""
            {"ended":{"irc":["#no"]},"started":null,"failed":{"irc":[1],"email":["a"],"x":null,"jabber":"b"}}
            """);

        Assert.Equal(["email a", "jabber b"], Channels(targets, Phase.Failed));
    }

    [Theory]
    [InlineData(33, 33, 33, null)]
    [InlineData(34, 33, 33, null)]
    [InlineData(34, 34, 33, "the job's 'notify' has more than 100 channels; allowed: 100")]
    [InlineData(0, 0, 101, "the job's 'notify' has more than 100 channels; allowed: 100")]
    public void TryRead_ChannelsOfAllPhases_AreLimitedTogether(
        int started, int completed, int failed, string? reason) =>
        Assert.Equal(reason, Error(Phases(Channels(started, 1), Channels(completed, 1), Channels(failed, 1))));

    [Theory]
    [InlineData(333, 333, 333, null)]
    [InlineData(334, 333, 333, null)]
    [InlineData(334, 334, 333, "the job's 'notify' has more than 1000 targets; allowed: 1000")]
    [InlineData(0, 0, 1001, "the job's 'notify' has more than 1000 targets; allowed: 1000")]
    public void TryRead_TargetsOfAllPhases_AreLimitedTogether(
        int started, int completed, int failed, string? reason) =>
        Assert.Equal(reason, Error(Phases(Channels(1, started), Channels(1, completed), Channels(1, failed))));

    /// <summary>With the prefix "notify.", a channel of 248 bytes makes a routing key of 255.</summary>
    [Theory]
    [InlineData(247, 'x', null)]
    [InlineData(248, 'x', null)]
    [InlineData(249, 'x', "the job's 'notify' names a channel of 249 bytes; allowed: 248")]
    [InlineData(124, 'é', null)]
    [InlineData(125, 'é', "the job's 'notify' names a channel of 250 bytes; allowed: 248")]
    public void TryRead_ChannelName_IsLimitedByItsRoutingKey(int length, char letter, string? reason) => Assert.Equal(
        reason, Error($$"""{"failed":{"{{new string(letter, length)}}":["#a"]} }"""));

    [Fact]
    public void TryRead_LongNameOfASkippedChannel_IsSkippedToo() =>
        Assert.Null(Error($$"""{"failed":{"{{new string('x', 300)}}":5} }"""));

    [Theory]
    [InlineData("\"a\"", "a")]
    [InlineData("[\"a\",\"b\"]", "a,b")]
    [InlineData("[]", "")]
    [InlineData("[\"a\",null]", null)]
    [InlineData("[1]", null)]
    [InlineData("null", null)]
    [InlineData("{}", null)]
    public void ReadTargets_Value_IsATextOrAListOfTexts(string json, string? targets)
    {
        var read = NotifyTargets.ReadTargets(JsonElement.Parse(json));

        Assert.Equal(targets, read is null ? null : string.Join(',', read));
    }

    private static NotifyTargets Read(string json)
    {
        Assert.Null(NotifyTargets.TryRead(JsonElement.Parse(json), out var targets));
        return targets;
    }

    /// <summary>None of these errors parks the job: the requester is told, and can send it again.</summary>
    private static string? Error(string json)
    {
        var error = NotifyTargets.TryRead(JsonElement.Parse(json), out _);
        Assert.False(error?.Park ?? false);
        return error?.ReplyText;
    }

    private static IEnumerable<string> Channels(NotifyTargets targets, Phase phase) =>
        targets.For(phase).Select(channel => $"{channel.Key} {string.Join(',', channel.Value)}");

    private static string Phases(string started, string completed, string failed) =>
        $$"""{"started":{{started}},"completed":{{completed}},"failed":{{failed}}}""";

    private static string Channels(int count, int targets)
    {
        var list = string.Join(',', Enumerable.Repeat("\"t\"", targets));
        return $"{{{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"c{i}\":[{list}]"))}}}";
    }
}
