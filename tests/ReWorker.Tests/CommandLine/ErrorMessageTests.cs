using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using ReWorker.Tests.Fakes;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using ReWorker.Wire.Contract;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>Each kind of error has its exit code and one line; only a bug has neither.</summary>
public sealed class ErrorMessageTests
{
    public static TheoryData<Exception, int, string> Known => new()
    {
        { new UsageException("wrong"), 64, "wrong" },
        { new FormatException("Broker:CaFile: no"), 64, "Broker:CaFile: no" },
        { new OptionsValidationException("n", typeof(int), ["a", "b", "a"]), 64, "invalid configuration: a; b" },
        {
            new AggregateException(
                new OptionsValidationException("n", typeof(int), ["a"]),
                new OptionsValidationException("n", typeof(int), ["b", "a"])),
            64, "invalid configuration: a; b"
        },
        {
            new ArgumentOutOfRangeException("port"), 64,
            "invalid configuration: invalid port in ASPNETCORE_URLS or ASPNETCORE_HTTP_PORTS; allowed: 0 to 65535"
        },
        { new JsonContextException("the context lacks a type"), 64, "the context lacks a type" },
        { new InvalidDataException("bad file."), 64, "bad file." },
        { new InvalidDataException("bad file.", new FormatException("line 3")), 64, "bad file: line 3" },
        {
            new IOException("Failed to bind to address x.", new AddressInUseException("used")), 1,
            "Failed to bind to address x; free the port, or set ASPNETCORE_HTTP_PORTS to another"
        },
        { new OperationCanceledException("any"), 130, "interrupted" },
        { new TaskCanceledException("any"), 130, "interrupted" },
        { new TimeoutException("late"), 2, "late" },
        {
            new NoBrokerException("amqp://b", new IOException("down")), 2,
            "amqp://b: down; check that the broker is running, and Broker:Server or ConnectionStrings:rabbitmq"
        },
        { FakeChannel.Refusal(403, "ACCESS_REFUSED"), 2, "the broker: ACCESS_REFUSED" },
        {
            new InvalidOperationException(
                "Failed to convert configuration value 'x' at 'Broker:Port' to type 'System.Int32'."),
            64, "invalid configuration: Broker:Port is 'x'; allowed: a whole number"
        },
        {
            new InvalidOperationException("outer", new FormatException("inner")), 64, "invalid configuration: outer"
        },
        {
            new InvalidOperationException("outer", new OverflowException("inner")), 64, "invalid configuration: outer"
        },
    };

    public static TheoryData<Exception> Bugs =>
    [
        new InvalidOperationException("bug"), new ArgumentOutOfRangeException("index"), new IOException("disk"),
        new InvalidCastException("bug"), new AggregateException(new InvalidOperationException("bug")),
        new AggregateException(
            new OptionsValidationException("n", typeof(int), ["a"]), new InvalidOperationException("bug")),
        new InvalidOperationException("outer", new InvalidCastException("inner")),
    ];

    [Theory, MemberData(nameof(Known), DisableDiscoveryEnumeration = true)]
    public void For_KnownError_IsOneLineAndACode(Exception error, int code, string line) =>
        Assert.Equal((code, line), ErrorMessage.For(error));

    [Theory, MemberData(nameof(Bugs), DisableDiscoveryEnumeration = true)]
    public void For_Bug_IsNull(Exception error) => Assert.Null(ErrorMessage.For(error));

    [Fact]
    public async Task RunAsync_Bug_ExitsWith70()
    {
        var terminal = new Terminal(Stream.Null, TextWriter.Null, TextWriter.Null, isInteractive: false);

        var code = await WorkerCommand.RunAsync(
            ["run"], _ => throw new InvalidOperationException("a bug that a test makes"), endpoints: null, terminal);

        Assert.Equal(70, code);
    }
}
