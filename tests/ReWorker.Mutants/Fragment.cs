using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ReWorker.Mutants;

/// <summary>A piece of C# on its own: an expression, or statements.</summary>
internal static class Fragment
{
    /// <summary>The expression or the one statement; null if the text is neither.</summary>
    public static SyntaxNode? Parse(string text)
    {
        if (Expression(text) is { } expression) return expression;
        return Statements(text) is [var statement] ? statement : null;
    }

    /// <summary>Null if the text is not an expression.</summary>
    public static ExpressionSyntax? Expression(string text) =>
        Statements($"_ = {text}\n;") is [ExpressionStatementSyntax { Expression: AssignmentExpressionSyntax whole }]
            ? whole.Right
            : null;

    /// <summary>Null if the text is not a list of statements, which may be empty.</summary>
    public static IReadOnlyList<StatementSyntax>? Statements(string text)
    {
        // in an async method, since await means something only there
        var root = CSharpSyntaxTree.ParseText($"class C {{ async Task M() {{\n{text}\n}} }}").GetRoot();
        if (root.ContainsDiagnostics || root.ChildNodes().ToList() is not [ClassDeclarationSyntax type]) return null;
        return type.Members is [MethodDeclarationSyntax { Body: { } body }] ? body.Statements : null;
    }
}
