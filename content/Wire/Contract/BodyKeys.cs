namespace ReWorker.Wire.Contract;

/// <summary>The keys of the JSON bodies.</summary>
internal static class BodyKeys
{
    // of a job
    public const string Group = "group";
    public const string Parameters = "parameters";
    public const string Dynamic = "dynamic";
    public const string Notify = "notify";

    // of a status reply
    public const string Status = "status";
    public const string Data = "data";

    // of output and notifications
    public const string Message = "message";
    public const string Slug = "slug";
    public const string Phase = "phase";
    public const string Target = "target";
}
