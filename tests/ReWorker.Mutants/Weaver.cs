using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ReWorker.Mutants;

/// <summary>Puts changes behind switches: one build has them all, and an environment variable selects some.</summary>
internal static class Weaver
{
    /// <summary>The environment variable: names of mutants, separated by commas.</summary>
    public const string Variable = "REWORKER_MUTANT";

    /// <summary>
    /// The class that the woven source calls. Each assembly gets one of its own; where it sees another's internals, the
    /// compiler takes its own and warns (CS0436).
    /// </summary>
    public const string Switch =
        $$"""
        internal static class MutantSwitch
        {
            private static readonly string[] Selected =
                (System.Environment.GetEnvironmentVariable("{{Variable}}") ?? "").Split(',');

            public static bool IsOn(string name) => System.Array.IndexOf(Selected, name) >= 0;
        }
        """;

    /// <summary>The file's source with its changes; they may be nested, and several may share one original.</summary>
    public static string Weave(SyntaxNode root, IEnumerable<Change> changes)
    {
        var byOriginal = changes.ToLookup(one => one.Original);
        return root.ReplaceNodes(
            byOriginal.Select(one => one.Key),
            (original, woven) => byOriginal[original].Aggregate(woven, Put)).ToFullString();
    }

    /// <summary>Why a node can't be put behind a switch; null if it can, as far as syntax tells.</summary>
    public static string? Obstacle(SyntaxNode node) => node switch
    {
        LocalDeclarationStatementSyntax or LocalFunctionStatementSyntax or LabeledStatementSyntax =>
            "a declaration would be out of scope behind a switch; address its expression",
        ExpressionSyntax { Parent: ExpressionStatementSyntax } => "it is a whole statement; end it with a semicolon",
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } =>
            "an assignment in an initializer can't be switched; address its value",
        _ when node.Ancestors().Any(IsConstant) => "a constant can't be switched; address where it is used",
        _ => null,
    };

    // only the text counts from here on; line breaks keep comments and directives from swallowing what follows
    private static SyntaxNode Put(SyntaxNode woven, Change change)
    {
        var isOn = $"global::MutantSwitch.IsOn({SymbolDisplay.FormatLiteral(change.Name, quote: true)})";
        var (mutant, original) = (change.Replacement, woven.ToFullString());
        return woven is StatementSyntax
            ? SyntaxFactory.ParseStatement($"{{ if ({isOn}) {{\n{mutant}\n}} else {{\n{original}\n}} }}\n")
            : SyntaxFactory.ParseExpression($"({isOn} ? {mutant}\n: {original}\n)");
    }

    private static bool IsConstant(SyntaxNode node) => node switch
    {
        BaseFieldDeclarationSyntax field => field.Modifiers.Any(SyntaxKind.ConstKeyword),
        LocalDeclarationStatementSyntax local => local.Modifiers.Any(SyntaxKind.ConstKeyword),
        ParameterSyntax or AttributeSyntax or CaseSwitchLabelSyntax => true,
        _ => node is ConstantPatternSyntax or RelationalPatternSyntax,
    };
}
