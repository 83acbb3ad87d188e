using Xunit.v3;

namespace ReWorker.Tests.Contract;

/// <summary>Names the row of docs/contract.md that a test proves, exactly as in the row's first column.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ContractAttribute(string row) : Attribute, ITraitAttribute
{
    public string Row => row;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Contract", row)];
}
