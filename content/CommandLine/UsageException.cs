namespace ReWorker.CommandLine;

/// <summary>What was asked for can't be done as it was asked: one line that names the thing and the way out.</summary>
internal sealed class UsageException(string message) : Exception(message);
