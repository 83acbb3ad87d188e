using ReWorker.Client;

namespace ReWorker.Tools.CommandLine;

/// <summary>Shows what is heard of a job.</summary>
internal interface IJobEventWriter
{
    void Show(JobRequest job, JobEvent heard, TimeSpan elapsed);

    void NoAnswer(JobRequest job, string why);

    void Summary(Tally tally);
}
