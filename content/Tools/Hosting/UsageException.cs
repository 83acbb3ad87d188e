namespace ReWorker.Tools.Hosting;

/// <summary>The arguments, a file that they name or a setting is invalid. The message is one line, with the way out.</summary>
internal sealed class UsageException(string message) : Exception(message);
