namespace ReWorker.Tools.CommandLine;

/// <summary>The process's exit codes. <c>--help</c> lists them too.</summary>
internal static class ExitCodes
{
    /// <summary>The job completed, the worker is ready, or the process stopped normally.</summary>
    public const int Success = 0;

    /// <summary>The job failed, the worker is not ready, or the process could not do its work.</summary>
    public const int Failed = 1;

    /// <summary>No answer in time: no worker takes the job, or the broker can't be reached.</summary>
    public const int NoAnswer = 2;

    /// <summary>The arguments, a file that they name, or the configuration is invalid. Nothing was done.</summary>
    public const int Usage = 64;

    /// <summary>A bug in the program itself.</summary>
    public const int InternalError = 70;

    /// <summary>Interrupted by a signal; a worker by the second one, since it stops normally on the first.</summary>
    public const int Interrupted = 130;
}
