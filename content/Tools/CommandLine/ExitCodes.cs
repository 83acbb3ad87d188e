namespace ReWorker.Tools.CommandLine;

/// <summary>What the process's exit status means; <c>--help</c> says the same.</summary>
internal static class ExitCodes
{
    /// <summary>Completed, ready, done, or stopped in good order.</summary>
    public const int Done = 0;

    /// <summary>The job failed, the worker is not ready, the process could not do its work.</summary>
    public const int Failed = 1;

    /// <summary>No answer in time: nobody takes the job, or there is no broker.</summary>
    public const int NoAnswer = 2;

    /// <summary>The command line, a file that it names, or the configuration is wrong; nothing was done.</summary>
    public const int Usage = 64;

    /// <summary>A fault in the program itself.</summary>
    public const int Fault = 70;

    /// <summary>Interrupted by Ctrl-C or a signal; a worker by the second one, the first lets it end in good order.</summary>
    public const int Interrupted = 130;
}
