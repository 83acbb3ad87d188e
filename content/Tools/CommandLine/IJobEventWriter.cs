namespace ReWorker.Tools.CommandLine;

/// <summary>Writes a job's events for people or programs.</summary>
internal interface IJobEventWriter
{
    void Write(JobRequest job, JobEvent jobEvent, TimeSpan elapsed);
    void WriteNoAnswer(JobRequest job, string reason);
    void WriteSummary(Tally tally);
}
