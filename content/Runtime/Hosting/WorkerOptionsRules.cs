using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ReWorker.Hosting;

/// <summary>The rules for a worker's settings; an error names the worker's own section where the value is from there.</summary>
internal sealed class WorkerOptionsRules(IConfiguration configuration) : IValidateOptions<WorkerOptions>
{
    private static readonly WorkerOptionsValidator Rules = new();

    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var result = Rules.Validate(name, options);
        return result.Failed ? ValidateOptionsResult.Fail(result.Failures.Select(failure => Located(name, failure))) : result;
    }

    private string Located(string? name, string failure)
    {
        var (key, rest) = (failure[..failure.IndexOf(' ', StringComparison.Ordinal)], failure[failure.IndexOf(' ', StringComparison.Ordinal)..]);
        var own = key.Replace($"{WorkerOptions.Section}:", $"{WorkerOptions.Section}:{name}:", StringComparison.Ordinal);
        return configuration[own] is null ? failure : own + rest;
    }
}
