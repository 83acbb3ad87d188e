using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace My.Step_1;

/// <summary>What the playbook says of this step. Whatever is missing or wrong is named in the reply, before the step runs.</summary>
public sealed class MyStep2Parameters
{
    /// <summary>The hosts to do, in order.</summary>
    public IReadOnlyList<string> Hosts { get; set; } = [];

    /// <summary>The service; a job has to name one.</summary>
    [Required]
    public string Service { get; set; } = "";
}

/// <summary>What the requester gets to know of a completed job.</summary>
public sealed record MyStep2Result(int Hosts);

/// <summary>How these types are read and written, generated when the project is built.</summary>
[JsonSerializable(typeof(MyStep2Parameters))]
[JsonSerializable(typeof(MyStep2Result))]
internal sealed partial class MyStep2Json : JsonSerializerContext;
