using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Xunit;

namespace ReWorker.Tests.Contract;

/// <summary>The exact properties and bodies of the messages that a worker sends.</summary>
public sealed class MessageTests(PikaBus bus) : ContractTest(bus)
{
    [Fact, Contract("Messages / properties"), Contract("Messages / body keys")]
    public async Task Messages_OfAJob_HaveExactlyTheContractsPropertiesAndKeys()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            job.Output.LogInformation("a line");
            await job.NotifyAsync("slug", "message", Phase.Completed, cancel: cancel);
            return 1;
        });
        await using var session = await Bus.OpenAsync();

        var id = session.Send(worker.Name, Fsm);
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal(5, messages.Count);
        Rules.CheckJob(messages, id);
    }

    [Fact, Contract("Messages / trace context")]
    public async Task TraceContext_OfTheJob_IsPropagated()
    {
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        session.SendRaw(worker.Name, "{}"u8.ToArray(), new()
        {
            ["correlation_id"] = "traced",
            ["reply_to"] = session.ReplyTo,
            ["headers"] = new Dictionary<string, string>
            {
                ["traceparent"] = $"00-{trace}-b7ad6b7169203331-01",
                ["tracestate"] = "v=1",
            },
        });
        var messages = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.All(messages, message => Assert.Equal(
            (trace, "v=1"), (message.Header("traceparent")!.Split('-')[1], message.Header("tracestate"))));
    }

    [Fact, Contract("Messages / status")]
    public async Task Status_WithoutData_HasOnlyTheStatusKey()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(
            ["""{"status":"started"}""", """{"status":"completed"}"""],
            messages.Select(message => message.Body));
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
        await using var worker = await StartAsync(_ => JsonElement.Parse(data));
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal($$"""{"status":"completed","data":{{data}}}""", messages[^1].Body);
    }

    [Fact, Contract("Messages / status")]
    public async Task Status_Failed_HasTheReasonAsText()
    {
        await using var worker = await StartAsync(_ => throw new InvalidOperationException("the \"frob\" <broke>"));
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("""{"status":"failed","data":"the \"frob\" <broke>"}""", messages[^1].Body);
    }

    [Fact, Contract("Messages / user output")]
    public async Task Output_Line_HasOnlyTheMessageKey()
    {
        await using var worker = await StartAsync(job =>
        {
            job.Output.LogInformation("Frobbing {What} – ✓", "\"x\"");
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("""{"message":"Frobbing \"x\" – ✓"}""", messages[1].Body);
    }

    [Fact, Contract("Messages / notification")]
    public async Task Notification_OfAPhase_IsOneMessagePerChannel()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync("Frobbed", "It is done", Phase.Completed, cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();
        const string job =
            """
            {"notify":{"completed":{"irc":["#a","#b"],"email":["x@example.com"]},
                       "started":{},
                       "failed":{"irc":["#c"]}}}
            """;
        string[] expected =
        [
            """notify.irc {"slug":"Frobbed","message":"It is done","phase":"completed","target":["#a","#b"]}""",
            """notify.email {"slug":"Frobbed","message":"It is done","phase":"completed","target":["x@example.com"]}""",
        ];

        var messages = await session.RunAsync(worker.Name, job, Cancel);

        Assert.Equal(
            expected,
            messages.Where(message => message.Exchange == "re").Select(message => $"{message.Key} {message.Body}"));
    }

    [Fact, Contract("Messages / notification")]
    public async Task Notification_JobListsNoChannels_IsNotSent()
    {
        await using var worker = await StartAsync(async (job, cancel) =>
        {
            await job.NotifyAsync("s", "m", Phase.Completed, cancel: cancel);
            return null;
        });
        await using var session = await Bus.OpenAsync();

        var messages = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal(["started", "completed"], messages.Select(message => message.Status));
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

        var messages = await session.RunAsync(worker.Name, """{"notify":{"started":{"irc":["#a"]}}}""", Cancel);

        var cut = messages[1].Json.GetProperty("slug").GetString()!;
        Assert.Equal(length, cut.Length);
        Assert.StartsWith(cut, slug, StringComparison.Ordinal);
    }

    [Fact, Contract("Messages / status ids")]
    public async Task MessageId_OfAStatus_IsDerivedFromTheCorrelationId()
    {
        await using var worker = await StartAsync(_ => null);
        await using var session = await Bus.OpenAsync();
        var longest = new string('y', 255);

        var id = session.Send(worker.Name, "{}");
        var first = await session.ReceiveUntilTerminalAsync(Cancel);
        session.SendRaw(worker.Name, "{}"u8.ToArray(), session.Properties(longest));
        var second = await session.ReceiveUntilTerminalAsync(Cancel);

        Assert.Equal([$"{id}:started", $"{id}:completed"], first.Select(message => message.Property("message_id")));
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(longest)));
        Assert.Equal(
            [$"{digest}:started", $"{digest}:completed"], second.Select(message => message.Property("message_id")));
    }
}
