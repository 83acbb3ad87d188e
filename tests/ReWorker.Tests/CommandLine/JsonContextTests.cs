using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Hosting;
using ReWorker.Hosting;
using ReWorker.Tools.CommandLine;
using Xunit;

namespace ReWorker.Tests.CommandLine;

/// <summary>A type that is missing in the JSON context ends the process at its start, before a job has run.</summary>
public sealed class JsonContextTests
{
    public static TheoryData<IJsonTypeInfoResolver?, string> Contexts => new()
    {
        {
            ParametersOnly.Default,
            "the JSON context ParametersOnly lacks types of TypedWorker; add to it "
                + "[JsonSerializable(typeof(TypedResult))]"
        },
        {
            null,
            "AddWorker<TypedWorker>() was given no JSON context; pass one that has "
                + "[JsonSerializable(typeof(TypedParameters))] [JsonSerializable(typeof(TypedResult))]"
        },
    };

    [Theory, MemberData(nameof(Contexts), DisableDiscoveryEnumeration = true)]
    public async Task Run_ContextLacksTypes_EndsWithOneLineThatSaysWhatToAdd(
        IJsonTypeInfoResolver? context, string expected)
    {
        using var error = new StringWriter();
        var terminal = new Terminal(Stream.Null, TextWriter.Null, error, isInteractive: false);
        string[] args = ["--ConnectionStrings:rabbitmq=amqp://guest:guest@127.0.0.1:1/"];

        var code = await WorkerCommand.RunAsync(args, AddWorker, endpoints: null, terminal);

        Assert.Equal((64, $"{expected}\n"), (code, error.ToString()));

        void AddWorker(IHostApplicationBuilder host) => host.AddWorker<TypedWorker>(context);
    }
}

internal sealed record TypedParameters;

internal sealed record TypedResult;

internal sealed class TypedWorker : Worker<TypedParameters, TypedResult>
{
    protected internal override Task<TypedResult> ProcessAsync(
        Job<TypedParameters> job, CancellationToken cancel) => Task.FromResult(new TypedResult());
}

[JsonSerializable(typeof(TypedParameters))]
internal sealed partial class ParametersOnly : JsonSerializerContext;
