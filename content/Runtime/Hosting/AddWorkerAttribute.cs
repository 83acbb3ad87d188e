namespace ReWorker.Hosting;

/// <summary>
/// Adds a worker from the file that it is written in, so that a new worker needs no line in Program.cs. Derive from
/// this class and mark the assembly with the derived attribute; <see cref="WorkerRegistration.AddWorkersOf"/> finds it.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public abstract class AddWorkerAttribute : Attribute
{
    /// <summary>Adds the worker and the services that it needs.</summary>
    public abstract void AddTo(IHostApplicationBuilder host);
}
