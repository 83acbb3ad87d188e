using System.Text;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>What a worker sends: properties and bodies, to the letter.</summary>
public sealed class MessageTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Messages / properties"), Contract("Messages / no other key")]
    public async Task EveryMessage_OfAJob_HasThePropertiesAndNoOther()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            job.Output.LogInformation("a line");
            await job.NotifyAsync("slug", "message", Phase.Completed, cancel: cancel);
            return 1;
        });
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal(5, all.Count);
        Rules.CheckJob(all, id);
    }

    [Fact, Contract("Messages / trace context")]
    public async Task TraceContext_OfTheJob_IsCarriedOn()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, "{}"u8.ToArray(), new()
        {
            ["correlation_id"] = "traced",
            ["reply_to"] = session.ReplyTo,
            ["headers"] = new Dictionary<string, string> { ["traceparent"] = $"00-{trace}-b7ad6b7169203331-01", ["tracestate"] = "v=1" },
        });
        var all = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.All(all, one => Assert.Equal((trace, "v=1"), (one.Header("traceparent")!.Split('-')[1], one.Header("tracestate"))));
    }

    [Fact, Contract("Messages / status")]
    public async Task Status_WithoutData_IsExactlyTheStatus()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(["""{"status":"started"}""", """{"status":"completed"}"""], all.Select(one => one.Body));
    }

    [Theory, Contract("Messages / status")]
    [InlineData("""{"a":[1,2.5,"ü",null,true]}""")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("0")]
    [InlineData("false")]
    [InlineData("null")]
    public async Task Status_WithData_CarriesAnyJsonValue(string data)
    {
        await using var worker = await StartAsync(_ => System.Text.Json.JsonElement.Parse(data));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal($$"""{"status":"completed","data":{{data}}}""", all[^1].Body);
    }

    [Fact, Contract("Messages / status")]
    public async Task Status_Failed_HasTheReasonAsAString()
    {
        await using var worker = await StartAsync(_ => throw new InvalidOperationException("the \"frob\" <broke>"));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("""{"status":"failed","data":"the \"frob\" <broke>"}""", all[^1].Body);
    }

    [Fact, Contract("Messages / user output")]
    public async Task Output_ALine_IsExactlyAMessage()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("Frobbing {What} – ✓", "\"x\"");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("""{"message":"Frobbing \"x\" – ✓"}""", all[1].Body);
    }

    [Fact, Contract("Messages / notification")]
    public async Task Notification_OfAPhase_IsOneMessageAChannel()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync("Frobbed", "All is frobbed", Phase.Completed, cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        var job = """{"notify":{"completed":{"irc":["#a","#b"],"email":["x@example.com"]},"started":{},"failed":{"irc":["#c"]}}}""";

        var all = await session.RunAsync(worker.Name, job, Cancel);

        Assert.Equal(
            [
                """notify.irc {"slug":"Frobbed","message":"All is frobbed","phase":"completed","target":["#a","#b"]}""",
                """notify.email {"slug":"Frobbed","message":"All is frobbed","phase":"completed","target":["x@example.com"]}""",
            ],
            all.Where(one => one.Exchange == "re").Select(one => $"{one.Key} {one.Body}"));
    }

    [Fact, Contract("Messages / notification")]
    public async Task Notification_OfAJobThatListsNone_IsNotSent()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync("s", "m", Phase.Completed, cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(["started", "completed"], all.Select(one => one.Status));
    }

    [Theory, Contract("Messages / notification")]
    [InlineData(79, "x", 80)]
    [InlineData(79, "🚀", 79)]
    [InlineData(78, "🚀", 80)]
    [InlineData(79, "e\u0301", 79)]
    public async Task Notification_LongSlug_IsCutBetweenCharacters(int before, string last, int length)
    {
        var slug = new string('a', before) + last + "tail";
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync(slug, "m", Phase.Started, cancel: cancel);
            return null;
        }, ("Worker:AutoNotify", "false"));
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, """{"notify":{"started":{"irc":["#a"]}}}""", Cancel);

        var cut = all[1].Json.GetProperty("slug").GetString()!;
        Assert.Equal(length, cut.Length);
        Assert.StartsWith(cut, slug, StringComparison.Ordinal);
    }

    [Fact, Contract("Messages / status ids")]
    public async Task MessageId_OfAStatus_IsDerivedFromTheJob()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        var longest = new string('y', 255);

        var id = session.Send(worker.Name, "{}");
        var first = await session.ReceiveUntilTerminalAsync(Cancel);
        session.SendRaw(worker.Name, "{}"u8.ToArray(), new() { ["correlation_id"] = longest, ["reply_to"] = session.ReplyTo });
        var second = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal([$"{id}:started", $"{id}:completed"], first.Select(one => one.Property("message_id")));
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(longest)));
        Assert.Equal([$"{digest}:started", $"{digest}:completed"], second.Select(one => one.Property("message_id")));
    }
}
