using System.Reflection;
using System.Reflection.Emit;

namespace ReWorker.Tests.Laws;

/// <summary>The types that a type uses: in its declaration, its members, its attributes and its code.</summary>
internal static class TypeUses
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static
        | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>Nested and generated types count as the type around them; generic types as their parts.</summary>
    public static IEnumerable<Type> Of(Type type) => Mentions(type).SelectMany(Parts).Distinct();

    public static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<Type?> Mentions(Type type) =>
    [
        type.BaseType, .. type.GetInterfaces(), .. type.GetGenericArguments(), .. AttributesOf(type),
        .. type.GetMembers(Declared).SelectMany(member => SignatureOf(member).Concat(AttributesOf(member))),
        .. type.GetMembers(Declared).OfType<MethodBase>().SelectMany(BodyOf),
    ];

    private static IEnumerable<Type?> AttributesOf(MemberInfo member) => member.GetCustomAttributesData()
        .SelectMany(data => data.ConstructorArguments.Select(given => given.Value as Type).Append(data.AttributeType));

    private static IEnumerable<Type?> SignatureOf(MemberInfo member) => member switch
    {
        FieldInfo field => [field.FieldType],
        PropertyInfo property => [property.PropertyType],
        EventInfo @event => [@event.EventHandlerType!],
        MethodInfo method =>
        [
            method.ReturnType,
            .. method.GetGenericArguments(),
            .. method.GetParameters().Select(it => it.ParameterType),
        ],
        MethodBase constructor => constructor.GetParameters().Select(it => it.ParameterType),
        _ => [],
    };

    private static IEnumerable<Type?> BodyOf(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body) return [];
        var handlers = body.ExceptionHandlingClauses.Where(it => it.Flags is ExceptionHandlingClauseOptions.Clause);
        return
        [
            .. body.LocalVariables.Select(local => local.LocalType), .. handlers.Select(clause => clause.CatchType),
            .. TokensIn(body.GetILAsByteArray()!).SelectMany(token => Resolve(method, token)),
        ];
    }

    private static IEnumerable<Type?> Resolve(MethodBase method, int token)
    {
        var ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        var member = method.Module.ResolveMember(token, ofType, ofMethod)!;
        return member is Type used ? [used] : SignatureOf(member).Append(member.DeclaringType);
    }

    private static IEnumerable<int> TokensIn(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] is 0xFE ? unchecked((short)((0xFE << 8) | code[at + 1])) : code[at];
            var opCode = OpCodesByValue[value];
            at += opCode.Size;
            if (opCode.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok
                or OperandType.InlineType) yield return BitConverter.ToInt32(code, at);
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static IEnumerable<Type> Parts(Type? type) => type switch
    {
        null => [],
        { HasElementType: true } => Parts(type.GetElementType()),
        { IsGenericParameter: true } => type.GetGenericParameterConstraints().Where(it => !it.ContainsGenericParameters)
            .SelectMany(Parts),
        { IsGenericType: true, IsGenericTypeDefinition: false } =>
            [Outermost(type.GetGenericTypeDefinition()), .. type.GetGenericArguments().SelectMany(Parts)],
        _ => [Outermost(type)],
    };
}
