namespace ReWorker.Tools.Hosting;

/// <summary>An argument, a file or a setting is invalid. The message is one line that says what is allowed.</summary>
internal sealed class UsageException(string message) : Exception(message);
