using System.Text;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The bodies that a worker sends, byte for byte.</summary>
public sealed class BodiesTests
{
    private const string Smile = "😀"; // two chars

    [Fact]
    public void Status_WithoutData_HasOnlyTheStatus()
    {
        Assert.Equal("""{"status":"started"}""", Text(Bodies.Started));
        Assert.Equal("""{"status":"completed"}""", Text(Bodies.Completed));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{"a":[1.50,"ü"]}""")]
    public void CompletedWith_Data_KeepsItsBytes(string data) =>
        Assert.Equal($$"""{"status":"completed","data":{{data}}}""", Text(Bodies.CompletedWith(Bytes(data))));

    [Fact]
    public void CompletedWith_DataOfTheMaximum_FitsIntoAMessage()
    {
        var data = new byte[SendRules.MaxDataBytes];
        Array.Fill(data, (byte)'1');

        Assert.InRange(Bodies.CompletedWith(data).Length, data.Length, SendRules.MaxBodyBytes);
    }

    [Fact]
    public void Failed_Reason_IsTheData() =>
        Assert.Equal("""{"status":"failed","data":"no \"widget\""}""", Text(Bodies.Failed("no \"widget\"")));

    [Fact]
    public void Output_TextOutsideAscii_IsNotEscaped() =>
        Assert.Equal("""{"message":"<b>ü</b> & 'q' ☃\n"}""", Text(Bodies.Output("<b>ü</b> & 'q' ☃\n")));

    [Theory]
    [InlineData(Phase.Started, "started")]
    [InlineData(Phase.Completed, "completed")]
    [InlineData(Phase.Failed, "failed")]
    public void Notification_OfAPhase_HasTheFourKeys(Phase phase, string name) => Assert.Equal(
        $$"""{"slug":"s","message":"m","phase":"{{name}}","target":["#a","#b"]}""",
        Text(Bodies.Notification("s", "m", phase, ["#a", "#b"])));

    [Fact]
    public void Notification_LongSlugAndMessage_CutsOnlyTheSlug()
    {
        var text = new string('x', 81);

        var body = Text(Bodies.Notification(text, text, Phase.Failed, []));

        Assert.Equal($$"""{"slug":"{{text[..80]}}","message":"{{text}}","phase":"failed","target":[]}""", body);
    }

    [Theory]
    [InlineData(79, "", 79)]
    [InlineData(80, "", 80)]
    [InlineData(81, "", 80)]
    [InlineData(78, Smile, 80)]         // the pair just fits
    [InlineData(78, Smile + "x", 80)]
    [InlineData(79, Smile, 79)]         // the pair would be cut in two
    [InlineData(79, "e\u0301", 79)]     // so would the letter and its accent
    [InlineData(78, "e\u0301x", 80)]
    public void Slug_OfManyCharacters_EndsWithAWholeOneWithin80(int count, string rest, int length)
    {
        var text = new string('x', count) + rest;

        Assert.Equal(text[..length], Bodies.Slug(text));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(byte[] body) => Encoding.UTF8.GetString(body);
}
