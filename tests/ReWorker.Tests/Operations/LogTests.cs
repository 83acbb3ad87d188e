using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using ReWorker.Client;
using ReWorker.Tests.Contract;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Telemetry;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>The log has no secrets and no bodies, and a requester can't forge its records.</summary>
public sealed partial class LogTests(PikaBus bus) : ContractTest(bus)
{
    private const string Secret = "s3cret-p@ss";
    private const string Hostile = "x\r\n\u001b[31m12:00:00.000 ERROR forged: y\u202e";

    [Fact]
    public void Messages_OfTheRuntime_AreInTheOperatorsPage()
    {
        var code = Methods().Select(Attribute).Select(message => new OperatorsPage.Message(
            message.EventId, $"{message.Level}", Format().Replace(message.Message, "{$1}")));

        Assert.Equal(code.OrderBy(message => message.Id), OperatorsPage.Messages.OrderBy(message => message.Id));
    }

    /// <summary>A job's body, parameters and output are logged at Debug at most.</summary>
    [Fact]
    public void Messages_AboveDebug_HaveNoPayload()
    {
        string[] harmless =
        [
            "address", "attempt", "correlationId", "fate", "key", "kind", "limit", "maxAttempts", "name", "queue",
            "queues", "reason", "replyTo", "requeued", "routingKey", "running", "seconds", "trouble", "unsettled",
        ];

        var parameters = Methods().Where(method => Attribute(method).Level > LogLevel.Debug)
            .SelectMany(method => method.GetParameters())
            .Where(parameter => !typeof(ILogger).IsAssignableFrom(parameter.ParameterType))
            .Where(parameter => parameter.ParameterType != typeof(Exception));

        Assert.All(parameters, parameter => Assert.True(
            harmless.Contains(parameter.Name)
                && (parameter.ParameterType == typeof(string) || parameter.ParameterType.IsValueType),
            $"{parameter.Member.DeclaringType!.Name}.{parameter.Member.Name} logs {parameter.Name}"));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Log_HostileJobs_CannotForgeRecords(string isContainer)
    {
        var name = My.Step_1.Tests.BrokerFixture.UniqueQueue();
        await using var session = await Bus.OpenAsync();
        await using var step = await StepProcess.StartAsync(
            "Consuming from", ("ConnectionStrings:rabbitmq", Bus.Amqp.AbsoluteUri), ("Worker:Queue", name),
            ("DOTNET_RUNNING_IN_CONTAINER", isContainer));
        var dynamic = new { environment = "dev" };
        var hostile = JsonSerializer.SerializeToUtf8Bytes(
            new { parameters = new { subcommand = "Fail", service = Hostile, note = Secret }, dynamic });
        var invalid = JsonSerializer.SerializeToUtf8Bytes(new { parameters = new { seconds = Secret }, dynamic });
        var unreadable = Encoding.UTF8.GetBytes($"{{{Hostile} {Secret}");

        // the correlation id, the reply queue and the reason for failing try to forge a record
        session.SendRaw(name, hostile, new() { ["correlation_id"] = Hostile, ["reply_to"] = $"worker.{Hostile}" });
        session.SendRaw(name, invalid, new() { ["correlation_id"] = "wrong" });
        session.SendRaw(
            name, unreadable, new() { ["correlation_id"] = "poison", ["reply_to"] = session.ReplyTo });
        await session.ReceiveUntilTerminalAsync(Cancel);
        await step.WaitForLogAsync("poison is invalid");
        await step.WaitForLogAsync("parameters.seconds is invalid; allowed: ");
        Assert.Equal(0, await step.StopAsync());

        Assert.DoesNotContain(step.Log, line => Forged().IsMatch(line));
        Assert.DoesNotContain(step.Log, line => line.Any(one => char.IsControl(one) || one == '\u202e'));
        Assert.DoesNotContain(step.Log, line => line.Contains(Secret, StringComparison.Ordinal));
        string[] expected = ["Consuming from", "gets no replies", "failed: ", "is invalid", "Stopping", "Stopped"];
        Assert.All(expected, text => Assert.NotEmpty(step.LogLines(text)));
        Assert.All(step.Log, isContainer == "true" ? AssertJsonRecord : AssertTerminalLine);
        await Bus.DeleteAsync($"worker.{name}", $"worker.{name}.dead");
    }

    [Theory]
    [InlineData(
        "ConnectionStrings:rabbitmq", "amqp://guest:SECRET@HOST:PORT/", "rejected the user name or password")]
    [InlineData("ConnectionStrings:rabbitmq", "amqp://guest:SECRET@127.0.0.1:9/", "Could not connect")]
    [InlineData("ConnectionStrings:rabbitmq", "http://guest:SECRET@HOST", "is not an AMQP URI")]
    [InlineData("Broker:Password", "SECRET", "rejected the user name or password")]
    public async Task Log_AtTrace_HasNoPassword(string key, string value, string message)
    {
        var escaped = Uri.EscapeDataString(Secret);
        value = value.Replace("HOST", Bus.Amqp.Host, StringComparison.Ordinal)
            .Replace("PORT", $"{Bus.Amqp.Port}", StringComparison.Ordinal)
            .Replace("SECRET", value == "SECRET" ? Secret : escaped, StringComparison.Ordinal);

        await using var step = await StepProcess.StartAsync(
            message, ("Broker:Server", Bus.Amqp.Host), ("Broker:Port", $"{Bus.Amqp.Port}"), (key, value),
            ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft", "Trace"));

        Assert.DoesNotContain(step.Log, line => line.Contains(Secret, StringComparison.Ordinal));
        Assert.DoesNotContain(step.Log, line => line.Contains(escaped, StringComparison.Ordinal));
    }

    private static void AssertJsonRecord(string line) =>
        Assert.NotEqual(default, JsonElement.Parse(line).GetProperty("Timestamp").GetDateTimeOffset());

    /// <summary>A record's first line; the lines of its stack trace are indented.</summary>
    private static void AssertTerminalLine(string line) =>
        Assert.Matches(@"^(    |\d\d:\d\d:\d\d\.\d{3} (info |WARN |ERROR) \w+: )", line);

    /// <summary>The logging methods of the four assemblies.</summary>
    private static IEnumerable<MethodInfo> Methods()
    {
        const BindingFlags declared =
            BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;
        return new[] { typeof(Worker), typeof(JobClient), typeof(OutputWorker), typeof(Untrusted) }
            .SelectMany(type => type.Assembly.GetTypes())
            .SelectMany(type => type.GetMethods(declared))
            .Where(method => method.IsDefined(typeof(LoggerMessageAttribute)));
    }

    private static LoggerMessageAttribute Attribute(MethodInfo method) =>
        method.GetCustomAttribute<LoggerMessageAttribute>()!;

    [GeneratedRegex(@"\{(\w+):[^}]+\}")]
    private static partial Regex Format();

    [GeneratedRegex(@"^12:00:00\.000 ERROR forged")]
    private static partial Regex Forged();
}
