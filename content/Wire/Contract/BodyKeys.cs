namespace ReWorker.Wire.Contract;

/// <summary>The keys of the JSON bodies.</summary>
internal static class BodyKeys
{
    // Of a job
    public const string Group = "group";
    public const string Parameters = "parameters";
    public const string Dynamic = "dynamic";
    public const string Notify = "notify";
    // Of a status reply
    public const string Status = "status";
    public const string Data = "data";
    // Of output and notifications
    public const string Message = "message";
    public const string Slug = "slug";
    public const string Phase = "phase";
    public const string Target = "target";
}
