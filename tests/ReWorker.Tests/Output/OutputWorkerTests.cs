using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>The output worker writes each line to the right file, and loses none.</summary>
public sealed class OutputWorkerTests(OutputBus bus) : ContractTest<OutputBus>(bus)
{
    public static TheoryData<string> HostileIds =>
    [
        "../../etc/passwd", "/etc/passwd", "..", ".", "a/../b", "a\\b", "a\0b", "a\r\nb", "\u001b[31m", "CON", "🚀",
        "long", "long/../", " ", "%2e%2e%2f",
    ];

    [Fact, Contract("Names / user output")]
    public async Task OutputQueue_OutputWorker_IsDurableAndBoundToOutput()
    {
        await using var output = await OutputHost.StartAsync(Bus, Cancel);

        var vhost = Bus.Amqp.AbsolutePath[1..];
        var queues = await Bus.RunRabbitmqctlAsync("-q", "list_queues", "-p", vhost, "name", "durable");
        var bindings = await Bus.RunRabbitmqctlAsync(
            "-q", "list_bindings", "-p", vhost, "source_name", "destination_name", "routing_key");
        Assert.Contains(
            output.Worker.Logs.WithId(40),
            record => record.Message.StartsWith("Consuming from worker.output at ", StringComparison.Ordinal));
        Assert.Contains("worker.output\ttrue", queues, StringComparison.Ordinal);
        Assert.Contains("re\tworker.output\toutput", bindings, StringComparison.Ordinal);
    }

    [Fact, Contract("Output worker / one file per release")]
    public async Task Lines_OfReleases_AreAppendedInOrderEachWithANewline()
    {
        await using var output = await OutputHost.StartAsync(Bus, Cancel);
        await using var session = await Bus.OpenAsync();

        for (var i = 0; i < 30; i++)
        {
            Send(session, output, "one", $"line {i} ü");
            if (i % 3 == 0) Send(session, output, "two", "a\nb");
        }
        await UntilAsync(() => output.Lines == 50);
        await output.Worker.StopAsync();

        Assert.Equal(["one.log", "two.log"], output.Files);
        Assert.Equal(string.Concat(Enumerable.Range(0, 30).Select(i => $"line {i} ü\n")), output.Read("one.log"));
        Assert.Equal(string.Concat(Enumerable.Repeat("a\nb\n", 10)), output.Read("two.log"));
    }

    [Fact, Contract("Output worker / redactions")]
    public async Task Redactions_LineThatMatches_IsNotWrittenNorLogged()
    {
        await using var output = await OutputHost.StartAsync(
            Bus, Cancel, ("OutputWorker:Redactions:0", "(?i)password"), ("OutputWorker:Redactions:1", "^secret: .*$"),
            ("OutputWorker:Redactions:2", "^(a+)+$"));
        await using var session = await Bus.OpenAsync();
        string[] lines =
        [
            "plain", "the PassWord is x", "secret: y", "no secret: z", "first\nsecret: y\r\nlast",
            new string('a', 40) + "!",
        ];

        foreach (var line in lines) Send(session, output, "r", line);
        await UntilAsync(() => output.Lines == 8);
        await output.Worker.StopAsync();

        // matching the last line against the third pattern times out, so the line is redacted
        Assert.Equal(
            "plain\n[redacted]\n[redacted]\nno secret: z\nfirst\n[redacted]\nlast\n[redacted]\n", output.Read("r.log"));
        Assert.DoesNotContain(
            output.Worker.Logs.All, record => record.Message.Contains("PassWord", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(HostileIds)), Contract("Output worker / safe file names")]
    public async Task CorrelationId_Hostile_StaysWithinTheDirectory(string id)
    {
        id = id switch
        {
            "long" => new string('x', 255),
            "long/../" => string.Concat(Enumerable.Repeat("../", 85)),
            _ => id,
        };
        await using var output = await OutputHost.StartAsync(Bus, Cancel);
        await using var session = await Bus.OpenAsync();

        Send(session, output, id, "line");
        Send(session, output, id + (id.Length < 250 ? "2" : ""), "other");
        Send(session, output, null, "nameless");
        await UntilAsync(() => output.Lines == 3);
        await output.Worker.StopAsync();

        Assert.Empty(output.Outside);
        Assert.Equal(id.Length < 250 ? 3 : 2, output.Files.Length);
        Assert.Equal("nameless\n", output.Read("(none).log"));
        Assert.All(output.Files, file => Assert.Matches(@"^[A-Za-z0-9_%()-][A-Za-z0-9._%()-]*\.log$", file));
        Assert.All(output.Worker.Logs.All, record => Assert.DoesNotContain(record.Message, char.IsControl));
    }

    [Fact, Contract("Output worker / one file per release")]
    public async Task Releases_HundredsAtOnce_KeepABoundedNumberOfFilesOpen()
    {
        const int releases = 500;
        await using var output = await OutputHost.StartAsync(Bus, Cancel, ("OutputWorker:MaxOpenFiles", "16"));
        await using var session = await Bus.OpenAsync();
        using var written = new CounterSum(output.Worker.Services, "reworker.jobs");

        for (var round = 0; round < 2; round++)
            for (var i = 0; i < releases; i++) Send(session, output, $"release-{i}", $"round {round}");
        var maxOpen = 0;
        await UntilAsync(() =>
        {
            maxOpen = Math.Max(maxOpen, OpenFiles(output.Directory));
            return written.Value == 2 * releases;
        });
        await output.Worker.StopAsync();

        Assert.Equal(releases, output.Files.Length);
        Assert.InRange(maxOpen, 1, 16);
        Assert.All(output.Files, file => Assert.Equal("round 0\nround 1\n", output.Read(file)));
    }

    [Fact, Contract("Output worker / flushed before the ack")]
    public async Task Line_ThatCantBeWritten_IsKeptAndWrittenLater()
    {
        // the time limit of jobs does not apply
        var time = new FakeTimeProvider();
        await using var output = await OutputHost.StartAsync(Bus, time, Cancel, ("Worker:TimeLimit", "00:00:00.2"));
        await using var session = await Bus.OpenAsync();
        await File.WriteAllTextAsync(output.Directory, "a file in the directory's place", Cancel);

        Send(session, output, "r", "one");
        Send(session, output, "r", "two");
        await time.RunUntilAsync(UntilAsync(() => output.Worker.Logs.WithId(61).Count == 3));
        File.Delete(output.Directory);
        await time.RunUntilAsync(UntilAsync(() => output.Lines == 2));
        await output.Worker.StopAsync();

        Assert.Equal("one\ntwo\n", output.Read("r.log"));
        Assert.Equal(0, (await Bus.CountAsync(output.Worker.DeadQueue)).Messages);
    }

    [Fact, Contract("Output worker / flushed before the ack")]
    public async Task Line_ThatCantBeWrittenWhenTheWorkerStops_IsHandedBack()
    {
        await using var output = await OutputHost.StartAsync(Bus, Cancel);
        await using var session = await Bus.OpenAsync();
        await File.WriteAllTextAsync(output.Directory, "a file in the directory's place", Cancel);

        Send(session, output, "r", "one");
        await output.Worker.Logs.WaitAsync(61, Cancel);
        await output.Worker.StopAsync();

        await UntilAsync(async () => (await Bus.CountAsync(output.Worker.Queue)).Messages == 1);
    }

    [Fact, Contract("Output worker / sends nothing")]
    public async Task Replies_ToWhateverComes_AreNotSent()
    {
        await using var output = await OutputHost.StartAsync(Bus, Cancel);
        await using var session = await Bus.OpenAsync();

        foreach (var body in new[] { """{"message":"x"}""", """{"message":5}""", "[]", "{}" })
        {
            session.SendRaw(output.Worker.Name, Encoding.UTF8.GetBytes(body), new() { ["correlation_id"] = "r" });
        }
        for (var i = 0; i < 3; i++) await Bus.TakeAsync(output.Worker.DeadQueue, Cancel);
        await output.Worker.StopAsync();

        Assert.Empty(await session.DrainAsync());
        Assert.Equal("x\n", output.Read("r.log"));
    }

    [Fact, Contract("Output worker / sends nothing")]
    public async Task Replies_ToOneWhoAsksForThem_AreNotSentEither()
    {
        await using var output = await OutputHost.StartAsync(Bus, Cancel);
        await using var session = await Bus.OpenAsync();

        foreach (var body in new[] { """{"message":"x"}""", "{" })
        {
            session.SendRaw(
                output.Worker.Name, Encoding.UTF8.GetBytes(body),
                new() { ["correlation_id"] = "r", ["reply_to"] = session.ReplyTo });
        }
        await Bus.TakeAsync(output.Worker.DeadQueue, Cancel);
        await output.Worker.StopAsync();

        Assert.Empty(await session.DrainAsync());
    }

    private static void Send(Session session, OutputHost output, string? id, string line)
    {
        var properties = new Dictionary<string, object?>();
        if (id is not null) properties["correlation_id"] = id;
        session.SendRaw(output.Worker.Name, JsonSerializer.SerializeToUtf8Bytes(new { message = line }), properties);
    }

    private static int OpenFiles(string directory) => Directory.GetFiles("/proc/self/fd").Count(handle =>
        Target(handle) is { } file
        && file.StartsWith(directory, StringComparison.Ordinal)
        && file.EndsWith(".log", StringComparison.Ordinal));

    private static string? Target(string handle)
    {
        try
        {
            return File.ResolveLinkTarget(handle, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            // closed meanwhile
            return null;
        }
    }
}
