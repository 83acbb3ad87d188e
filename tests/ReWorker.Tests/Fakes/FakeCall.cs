using System.Reflection;

namespace ReWorker.Tests.Fakes;

/// <summary>A call that the runtime made to a fake of the client.</summary>
public sealed record FakeCall(string Method, object?[] Arguments)
{
    /// <summary>Answers for a method, which may return a task, a value task, a value or nothing.</summary>
    internal static object? Answer(MethodInfo method, Task? before, object? result)
    {
        var type = method.ReturnType;
        if (type == typeof(Task)) return before ?? Task.CompletedTask;
        if (type == typeof(ValueTask)) return new ValueTask(before ?? Task.CompletedTask);
        if (!type.IsGenericType) return type == typeof(void) ? null : result;
        var make = typeof(FakeCall).GetMethod(nameof(AfterAsync), BindingFlags.NonPublic | BindingFlags.Static)!;
        var task = make.MakeGenericMethod(type.GenericTypeArguments).Invoke(null, [before, result])!;
        return type.GetGenericTypeDefinition() == typeof(Task<>) ? task : Activator.CreateInstance(type, task);
    }

    private static async Task<T?> AfterAsync<T>(Task? before, object? result)
    {
        if (before is not null) await before;
        return (T?)result;
    }
}
