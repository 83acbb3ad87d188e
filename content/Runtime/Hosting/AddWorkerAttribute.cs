using System.Reflection;
using Microsoft.Extensions.Hosting;

namespace ReWorker.Hosting;

/// <summary>
/// Adds a worker from the file that it is written in, so that a new one needs no line in Program.cs: derive from it,
/// and mark the assembly with what you derived. <see cref="AddWorkers.AddWorkersOf"/> finds it there.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public abstract class AddWorkerAttribute : Attribute
{
    /// <summary>Adds the worker, with whatever services it needs.</summary>
    public abstract void AddTo(IHostApplicationBuilder host);
}

/// <summary>Adds workers to a host.</summary>
public static class AddWorkers
{
    /// <summary>Adds the workers for which an assembly has an <see cref="AddWorkerAttribute"/>.</summary>
    public static IHostApplicationBuilder AddWorkersOf(this IHostApplicationBuilder host, Assembly assembly)
    {
        foreach (var one in assembly.GetCustomAttributes<AddWorkerAttribute>()) one.AddTo(host);
        return host;
    }
}
