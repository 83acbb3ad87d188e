using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace My.Step_1;

/// <summary>What the playbook says of this step. Whatever is missing or wrong is named in the reply, before the step runs.</summary>
/// <remarks>Properties are <c>set</c>, not <c>init</c>: generated JSON code forgets the defaults of the latter.</remarks>
public sealed class MyStep1Parameters
{
    /// <summary>The hosts to do, in order.</summary>
    public IReadOnlyList<string> Hosts { get; set; } = [];

    /// <summary>What to do on them; <c>Fail</c> shows a failing job.</summary>
    public string Subcommand { get; set; } = "";

    /// <summary>The service to frob.</summary>
    public string Service { get; set; } = "frobd";

    /// <summary>How long each host takes, in seconds: 0 to 3600.</summary>
    [Range(0, 3600)]
    public double Seconds { get; set; }
}

/// <summary>What the requester gets to know of a completed job.</summary>
public sealed record MyStep1Result(int Hosts, double Seconds);

/// <summary>How these types are read and written, generated when the project is built.</summary>
[JsonSerializable(typeof(MyStep1Parameters))]
[JsonSerializable(typeof(MyStep1Result))]
internal sealed partial class MyStep1Json : JsonSerializerContext;
