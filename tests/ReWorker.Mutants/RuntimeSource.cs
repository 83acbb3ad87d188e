using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ReWorker.Mutants;

/// <summary>The parsed C# files below a folder, with their members by symbol.</summary>
internal sealed class RuntimeSource
{
    private readonly ILookup<string, SyntaxNode> _members;

    public RuntimeSource(string folder)
    {
        Roots =
        [
            .. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                .Where(file => !Path.GetRelativePath(folder, file).Split('/', '\\').Any(part => part is "bin" or "obj"))
                .Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file).GetRoot()),
        ];
        var members =
            from root in Roots
            from type in root.DescendantNodes().OfType<TypeDeclarationSyntax>()
            from member in type.Members.SelectMany(Named)
            select (Symbol: $"{type.Identifier.Text}.{member.Name}", member.Node);
        _members = members.ToLookup(one => one.Symbol, one => one.Node);
    }

    /// <summary>One for each file.</summary>
    public IReadOnlyList<SyntaxNode> Roots { get; }

    /// <exception cref="StaleMutantException">The mutant does not fit the source.</exception>
    public Change Find(Mutant mutant)
    {
        if (!_members.Contains(mutant.Symbol)) throw Stale("there is no such member");
        var original = Fragment.Parse(mutant.Original) ?? throw Stale("it is neither an expression nor one statement");
        var isValid = original is StatementSyntax
            ? Fragment.Statements(mutant.Replacement) is not null
            : Fragment.Expression(mutant.Replacement) is not null;
        if (!isValid) throw Stale($"the replacement is of another kind: {mutant.Replacement}");
        var found = _members[mutant.Symbol].SelectMany(member => member.DescendantNodes())
            .Where(node => SyntaxFactory.AreEquivalent(node, original, topLevel: false))
            .ToList();
        if (found.Count != 1) throw Stale($"it occurs {found.Count} times, not once");
        if (Weaver.Obstacle(found[0]) is { } obstacle) throw Stale(obstacle);
        return new(mutant.Name, found[0], mutant.Replacement);

        StaleMutantException Stale(string why) =>
            new($"the mutant \"{mutant.Name}\" at {mutant.Symbol}, `{mutant.Original}`: {why}");
    }

    private static IEnumerable<(string Name, SyntaxNode Node)> Named(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => [(method.Identifier.Text, method)],
        PropertyDeclarationSyntax property => [(property.Identifier.Text, property)],
        ConstructorDeclarationSyntax constructor => [(constructor.Identifier.Text, constructor)],
        BaseFieldDeclarationSyntax fields =>
            fields.Declaration.Variables.Select(one => (one.Identifier.Text, (SyntaxNode)one)),
        _ => [],
    };
}
