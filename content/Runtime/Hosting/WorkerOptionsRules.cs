namespace ReWorker.Hosting;

/// <summary>Validates a worker's settings. An error names the worker's own section if it has the value.</summary>
internal sealed class WorkerOptionsRules(IConfiguration configuration) : IValidateOptions<WorkerOptions>
{
    private static readonly WorkerOptionsValidator Rules = new();

    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var result = Rules.Validate(name, options);
        return result.Failed
            ? ValidateOptionsResult.Fail(result.Failures.Select(failure => NameSection(name, failure)))
            : result;
    }

    // a failure starts with its key
    private string NameSection(string? worker, string failure)
    {
        var key = failure[..failure.IndexOf(' ', StringComparison.Ordinal)];
        var section = $"{WorkerOptions.Section}:";
        var ownKey = key.Replace(section, $"{section}{worker}:", StringComparison.Ordinal);
        return configuration[ownKey] is null ? failure : ownKey + failure[key.Length..];
    }
}
