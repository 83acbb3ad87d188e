namespace ReWorker.Tools.CommandLine;

/// <summary>The process's exit codes. <c>--help</c> lists them too.</summary>
internal static class ExitCodes
{
    public const int Success = 0; // the job completed, the worker is ready, or the process stopped normally
    public const int Failed = 1; // the job failed, the worker is not ready, or the process could not do its work
    public const int NoAnswer = 2; // no answer in time: no worker takes the job, or the broker can't be reached
    public const int Usage = 64; // the arguments, a file or the configuration is invalid; nothing was done
    public const int InternalError = 70; // a bug in the program itself
    public const int Interrupted = 130; // by a signal; a worker by the second one, since it stops normally on the first
}
