using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Hosting;

namespace ReWorker;

/// <summary>
/// Adds a worker from the file that it is written in: <c>[assembly: AddWorker&lt;RollbackWorker, RollbackJson&gt;]</c> is
/// <c>host.AddWorker&lt;RollbackWorker&gt;(RollbackJson.Default)</c>, where <see cref="AddWorkers.AddWorkersOf"/> is called.
/// </summary>
/// <typeparam name="TWorker">The worker.</typeparam>
/// <typeparam name="TJson">The source-generated context with the types of its parameters, its data and what it sends.</typeparam>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class AddWorkerAttribute<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TWorker, TJson> : AddWorkerAttribute
    where TWorker : Worker
    where TJson : JsonSerializerContext, new()
{
    internal override void AddTo(IHostApplicationBuilder host) => host.AddWorker<TWorker>(new TJson());
}

/// <summary>Base of <see cref="AddWorkerAttribute{TWorker, TJson}"/>.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public abstract class AddWorkerAttribute : Attribute
{
    internal abstract void AddTo(IHostApplicationBuilder host);
}

/// <summary>Adds workers to a host.</summary>
public static class AddWorkers
{
    /// <summary>Adds the workers that an assembly's <see cref="AddWorkerAttribute{TWorker, TJson}"/> name.</summary>
    public static IHostApplicationBuilder AddWorkersOf(this IHostApplicationBuilder host, Assembly assembly)
    {
        foreach (var one in assembly.GetCustomAttributes<AddWorkerAttribute>()) one.AddTo(host);
        return host;
    }
}
