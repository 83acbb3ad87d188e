using RabbitMQ.Client;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>AMQP's limit of 255 bytes: what exceeds it is left out or replaced by a digest.</summary>
public sealed class ShortStringsTests
{
    private static readonly string[] Strings =
    [
        nameof(BasicProperties.ContentType), nameof(BasicProperties.ContentEncoding),
        nameof(BasicProperties.CorrelationId), nameof(BasicProperties.ReplyTo), nameof(BasicProperties.Expiration),
        nameof(BasicProperties.MessageId), nameof(BasicProperties.Type), nameof(BasicProperties.AppId),
        nameof(BasicProperties.ClusterId),
    ];

    public static TheoryData<string> Names => [.. Strings];

    [Theory]
    [InlineData(0, 'x', true)]
    [InlineData(254, 'x', true)]
    [InlineData(255, 'x', true)]
    [InlineData(256, 'x', false)]
    [InlineData(127, 'é', true)]
    [InlineData(128, 'é', false)]
    [InlineData(84, '☃', true)]
    [InlineData(85, '☃', true)]
    [InlineData(86, '☃', false)]
    public void Fits_Text_IsLimitedTo255Bytes(int length, char letter, bool fits)
    {
        var text = new string(letter, length);

        Assert.Equal(fits, ShortStrings.Fits(text));
        Assert.Equal(fits ? text : null, ShortStrings.OrNull(text));
    }

    [Fact]
    public void Fits_Null_IsAllowed()
    {
        Assert.True(ShortStrings.Fits(null));
        Assert.Null(ShortStrings.OrNull(null));
    }

    [Theory, MemberData(nameof(Names))]
    public void ClearOversized_OneProperty_ClearsOnlyThat(string name)
    {
        var properties = Filled();
        typeof(BasicProperties).GetProperty(name)!.SetValue(properties, new string('x', 256));

        ShortStrings.ClearOversized(properties);

        Assert.Equal(Strings.Except([name]), Present(properties));
    }

    [Fact]
    public void ClearOversized_PropertiesAtTheLimit_KeepsAll()
    {
        var properties = Filled();

        ShortStrings.ClearOversized(properties);

        Assert.Equal(Strings, Present(properties));
    }

    /// <summary>Every property that AMQP limits is here, except the user's id, which the broker checks.</summary>
    [Fact]
    public void Names_OfStrings_AreThoseOfTheClient() => Assert.Equal(
        typeof(BasicProperties).GetProperties()
            .Where(one => one.PropertyType == typeof(string) && one.Name != nameof(BasicProperties.UserId))
            .Select(one => one.Name).Order(),
        Strings.Order());

    [Theory]
    [InlineData(246, "started", false)]
    [InlineData(247, "started", false)]
    [InlineData(248, "started", true)]
    [InlineData(245, "completed", false)]
    [InlineData(246, "completed", true)]
    public void Status_IdTooLong_IsADigestOfTheJobsId(int length, string status, bool isDigest)
    {
        var id = new string('c', length);

        var messageId = MessageIds.Status(id, status);

        if (isDigest) Assert.Matches($"^[0-9a-f]{{64}}:{status}$", messageId);
        else Assert.Equal($"{id}:{status}", messageId);
        Assert.Equal(messageId, MessageIds.Status(new string('c', length), status));
        Assert.NotEqual(messageId, MessageIds.Status(new string('c', length - 1) + "d", status));
    }

    /// <summary>Written by an older worker, it must be recognized after an upgrade.</summary>
    [Fact]
    public void Status_Digest_IsThatOfTheUtf8Bytes() => Assert.Equal(
        "e42dd264fd5cf1bc947505b995dceb9ae0a2d2a4c99b4ce5ea02f36526819280:failed",
        MessageIds.Status(new string('é', 128), "failed"));

    private static BasicProperties Filled()
    {
        var properties = new BasicProperties();
        foreach (var name in Strings)
            typeof(BasicProperties).GetProperty(name)!.SetValue(properties, new string('x', 255));
        return properties;
    }

    private static IEnumerable<string> Present(BasicProperties properties) =>
        Strings.Where(name => typeof(BasicProperties).GetProperty(name)!.GetValue(properties) is not null);
}
