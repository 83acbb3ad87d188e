using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using ReWorker.Client;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>What operators read: one record a state change, no secret, no body, nothing that a stranger could forge.</summary>
public sealed partial class LogTests(PikaBus bus) : ContractTest(bus)
{
    private const string Secret = "s3cret-p@ss";
    private const string Hostile = "x\r\n\u001b[31m12:00:00.000 ERROR forged: y\u202e";

    [Fact]
    public void Messages_OfTheRuntime_AreInTheOperatorsPage()
    {
        var code = Messages().Select(one => new OperatorsPage.Message(one.EventId, $"{one.Level}", Format().Replace(one.Message, "{$1}"))).OrderBy(one => one.Id);

        Assert.Equal(code, OperatorsPage.Messages.OrderBy(one => one.Id));
    }

    /// <summary>A job's body, its parameters and its output reach a log at Debug at most.</summary>
    [Fact]
    public void Messages_AboveDebug_HaveNoPayload()
    {
        string[] harmless =
        [
            "address", "attempt", "correlationId", "fate", "key", "kind", "limit", "maxAttempts", "name", "queue", "queues", "reason", "replyTo",
            "requeued", "routingKey", "running", "seconds", "trouble", "unsettled",
        ];

        var given = Methods().Where(one => one.GetCustomAttribute<LoggerMessageAttribute>()!.Level > LogLevel.Debug)
            .SelectMany(one => one.GetParameters(), (method, parameter) => (method, parameter))
            .Where(one => !typeof(ILogger).IsAssignableFrom(one.parameter.ParameterType) && one.parameter.ParameterType != typeof(Exception));

        Assert.All(given, one => Assert.True(
            harmless.Contains(one.parameter.Name) && (one.parameter.ParameterType == typeof(string) || one.parameter.ParameterType.IsValueType),
            $"{one.method.DeclaringType!.Name}.{one.method.Name} logs {one.parameter.Name}"));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Log_HostileJobs_AreOneRecordEach(string isContainer)
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        await using var step = await StepProcess.StartAsync("Consuming from", ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("Worker:Queue", name), ("DOTNET_RUNNING_IN_CONTAINER", isContainer));

        // a name, a requester and a reason that try to write records of their own, a value that is wrong, and a body that nobody can read
        var bad = JsonSerializer.SerializeToUtf8Bytes(new { parameters = new { subcommand = "Fail", service = Hostile, note = Secret }, dynamic = new { environment = "dev" } });
        session.SendRaw(name, bad, new() { ["correlation_id"] = Hostile, ["reply_to"] = $"worker.{Hostile}" });
        session.SendRaw(name, JsonSerializer.SerializeToUtf8Bytes(new { parameters = new { seconds = Secret }, dynamic = new { environment = "dev" } }), new() { ["correlation_id"] = "wrong" });
        session.SendRaw(name, [.. "{"u8, .. System.Text.Encoding.UTF8.GetBytes($"{Hostile} {Secret}")], new() { ["correlation_id"] = "poison", ["reply_to"] = session.ReplyTo });
        await session.ReceiveUntilTerminalAsync(Cancel);
        await step.WaitForLogAsync("poison is invalid");
        await step.WaitForLogAsync("parameters.seconds is invalid; allowed: ");
        Assert.Equal(0, await step.StopAsync());

        var forged = step.Log.Where(line => Forged().IsMatch(line));
        Assert.Empty(forged);
        Assert.DoesNotContain(step.Log, line => line.Any(one => char.IsControl(one) || one == '\u202e'));
        Assert.DoesNotContain(step.Log, line => line.Contains(Secret, StringComparison.Ordinal));
        foreach (var said in (string[])["Consuming from", "gets no replies", "failed: ", "is invalid", "Stopping", "Stopped"]) Assert.NotEmpty(step.LogLines(said));
        if (isContainer == "true") Assert.All(step.Log, line => Assert.NotEqual(default, JsonElement.Parse(line).GetProperty("Timestamp").GetDateTimeOffset()));
        else Assert.All(step.Log.Where(line => !line.StartsWith("    ", StringComparison.Ordinal)), line => Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{3} (info |WARN |ERROR) \w+: ", line));
        await Bus.DeleteAsync($"worker.{name}", $"worker.{name}.dead");
    }

    [Theory]
    [InlineData("ConnectionStrings:rabbitmq", "amqp://guest:SECRET@HOST:PORT/", "rejected the user name or password")]
    [InlineData("ConnectionStrings:rabbitmq", "amqp://guest:SECRET@127.0.0.1:9/", "Could not connect")]
    [InlineData("ConnectionStrings:rabbitmq", "http://guest:SECRET@HOST", "is not an AMQP URI")]
    [InlineData("Broker:Password", "SECRET", "rejected the user name or password")]
    public async Task Log_AtItsMostTalkative_HasNoPassword(string key, string value, string says)
    {
        value = value.Replace("HOST", Bus.Amqp.Host, StringComparison.Ordinal).Replace("PORT", $"{Bus.Amqp.Port}", StringComparison.Ordinal)
            .Replace("SECRET", value == "SECRET" ? Secret : Uri.EscapeDataString(Secret), StringComparison.Ordinal);
        await using var step = await StepProcess.StartAsync(says,
            ("Broker:Server", Bus.Amqp.Host), ("Broker:Port", $"{Bus.Amqp.Port}"), (key, value), ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft", "Trace"));

        Assert.DoesNotContain(step.Log, line => line.Contains(Secret, StringComparison.Ordinal) || line.Contains(Uri.EscapeDataString(Secret), StringComparison.Ordinal));
    }

    private static IEnumerable<LoggerMessageAttribute> Messages() => Methods().Select(one => one.GetCustomAttribute<LoggerMessageAttribute>()!);

    private static IEnumerable<MethodInfo> Methods() => new[] { typeof(Worker), typeof(JobClient), typeof(OutputWorker), typeof(Untrusted) }
        .SelectMany(type => type.Assembly.GetTypes())
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null);

    [GeneratedRegex(@"\{(\w+):[^}]+\}")]
    private static partial Regex Format();

    [GeneratedRegex(@"^12:00:00\.000 ERROR forged")]
    private static partial Regex Forged();
}
