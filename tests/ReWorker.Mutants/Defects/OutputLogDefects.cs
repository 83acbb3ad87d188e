namespace ReWorker.Mutants.Defects;

/// <summary>The output worker: what could lose, repeat or misplace a line, or show a secret.</summary>
internal static class OutputLogDefects
{
    private static readonly string[] _files = ["ReleaseFilesTests"], _names = ["FileNamesTests"];
    private static readonly string[] _redactor = ["RedactorTests"];

    public static DefectTable Table { get; } = new("Tools/OutputLog", ["OutputWorkerRulesTests"],
    [
        new("loses a line for any reason but a full disk", "OutputWorker.TryAppend",
            "LogNotWritten(log, e.Message, RetryDelay.TotalSeconds);",
            "LogNotWritten(log, e.Message, RetryDelay.TotalSeconds); if (e is not UnauthorizedAccessException) throw;"),
        new("does not retry a line", "OutputWorker.ProcessAsync",
            "while (!TryAppend(job.CorrelationId, text)) await Task.Delay(RetryDelay, time, cancel);",
            "TryAppend(job.CorrelationId, text);"),
        new("ignores the stop while it retries", "OutputWorker.ProcessAsync",
            "Task.Delay(RetryDelay, time, cancel)", "Task.Delay(RetryDelay, time, CancellationToken.None)"),
        new("retries a line without a pause", "OutputWorker.ProcessAsync",
            "Task.Delay(RetryDelay, time, cancel)", "Task.Delay(TimeSpan.FromMilliseconds(1), time, cancel)"),
        new("writes a line twice", "OutputWorker.TryAppend",
            "files.Append(correlationId, text);",
            "files.Append(correlationId, text); files.Append(correlationId, text);"),
        new("writes the line that it should redact", "OutputWorker.ProcessAsync",
            "redactor.Redact(message.GetString()!)", "message.GetString()!"),
        new("acknowledges what is no line without parking it", "OutputWorker.ProcessAsync",
            "await job.RejectAsync(requeue: false, cancel);", ""),
        new("requeues what is no line for ever", "OutputWorker.ProcessAsync", "false", "true"),
        new("takes a number for a line", "OutputWorker.ProcessAsync",
            "message.ValueKind is not JsonValueKind.String", "false"),
        new("logs lines above debug", "OutputWorker.ProcessAsync",
            "LogWritten(log, job.CorrelationId, text);", "log.LogInformation(\"{Line}\", text);"),
        new("replies to a line", "OutputWorker.SendsReplies", "false", "true"),
        new("receives the output of no job", "OutputWorker.RoutingKeys", "[Names.Output]", "[]"),
        new("writes lines out of order", "OutputWorker.Add",
            "(Names.Output, 1, 256)", "(Names.Output, 4, 256)"),
        new("reads one line per round trip", "OutputWorker.Add", "(Names.Output, 1, 256)", "(Names.Output, 1, 1)"),
        new("gives up a line after an hour", "OutputWorker.Add", "TimeSpan.FromDays(24)", "TimeSpan.FromHours(1)"),
        new("loses a line that was redelivered", "OutputWorker.Add", "OnRedelivery.RunAgain", "OnRedelivery.Fail"),
        new("parks a line after a few attempts", "OutputWorker.Add", "1000", "20"),
        new("parks a long line", "OutputWorker.Add", "options.MaxBodyBytes = SendRules.MaxBodyBytes;", ""),
        new("does not reject unknown keys of the output worker", "OutputWorker.Add",
            "host.Services.AddSingleton<IValidateOptions<OutputWorkerOptions>, "
                + "UnknownKeyValidator<OutputWorkerOptions>>();",
            ""),
        new("does not validate the output worker's options", "OutputWorker.Add",
            "host.Services.AddSingleton<IValidateOptions<OutputWorkerOptions>, OutputWorkerOptionsValidator>();", ""),
        new("takes a pattern that does not compile", "PatternsAttribute.Allows",
            "((IEnumerable<string>)value).All(IsPattern)", "((IEnumerable<string>)value).Any(IsPattern)"),

        new("overwrites the lines of a file", "ReleaseFiles.Append", "file.Position = end;", "file.Position = 0;")
        {
            Tests = _files,
        },
        new("leaves half a line behind", "ReleaseFiles.Append", "file.SetLength(end);", "") { Tests = _files },
        new("hides that a line was not written", "ReleaseFiles.Append", "throw;", "") { Tests = _files },
        new("writes a line without its end", "ReleaseFiles.Append", "text + \"\\n\"", "text") { Tests = _files },
        new("ends lines as Windows does", "ReleaseFiles.Append", "text + \"\\n\"", "text + \"\\r\\n\"")
        {
            Tests = _files,
        },
        new("writes to a file that was rotated away", "ReleaseFiles.Open",
            "!IsSameFile(open.File)", "false") { Tests = _files },
        new("takes a deleted file for the same", "ReleaseFiles.IsSameFile",
            "new FileInfo(file.Name) is { Exists: true } onDisk && onDisk.Length == file.Length",
            "new FileInfo(file.Name) is { } path && (!path.Exists || path.Length == file.Length)")
        {
            Tests = _files,
        },
        new("takes a replaced file for the same", "ReleaseFiles.IsSameFile",
            "onDisk.Length == file.Length", "true") { Tests = _files },
        new("keeps a replaced file open", "ReleaseFiles.Open", "Close(name);", "") { Tests = _files },
        new("keeps one file more open", "ReleaseFiles.Open",
            "_open.Count >= options.Value.MaxOpenFiles", "_open.Count > options.Value.MaxOpenFiles") { Tests = _files },
        new("keeps every file open", "ReleaseFiles.Open",
            "_open.Count >= options.Value.MaxOpenFiles", "false") { Tests = _files },
        new("closes the file that was used last", "ReleaseFiles.Open",
            "_open.MinBy(other => other.Value.LastUse)", "_open.MaxBy(other => other.Value.LastUse)")
        {
            Tests = _files,
        },
        new("closes the file that was opened first", "ReleaseFiles.Open",
            "_open[name] = (open.File, ++_uses);",
            "if (!_open.ContainsKey(name)) _open[name] = (open.File, ++_uses);") { Tests = _files },
        new("truncates a file when it opens it", "ReleaseFiles.Create",
            "FileMode.OpenOrCreate", "FileMode.Create") { Tests = _files },
        new("locks its files against readers", "ReleaseFiles.Create",
            "new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, share, bufferSize: 0)",
            "new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0)")
        {
            Tests = _files,
        },
        new("keeps lines in a buffer", "ReleaseFiles.Create", "0", "4096") { Tests = _files },
        new("writes beside another output worker", "ReleaseFiles.LockDirectory",
            "FileShare.None", "FileShare.ReadWrite") { Tests = _files },
        new("does not lock its directory", "ReleaseFiles.Create",
            "LockDirectory(Path.Combine(directory, \".lock\"));", "") { Tests = _files },
        new("does not lock a directory again that was replaced", "ReleaseFiles.LockDirectory",
            "_directoryLock is not null && File.Exists(path)", "_directoryLock is not null") { Tests = _files },
        new("takes the lock of another for its own", "ReleaseFiles.LockDirectory", "_directoryLock = null;", "")
        {
            Tests = _files,
        },
        new("keeps its directory locked after its end", "ReleaseFiles.Dispose", "_directoryLock?.Dispose();", "")
        {
            Tests = _files,
        },
        new("leaves its files open", "ReleaseFiles.Dispose",
            "foreach (var name in _open.Keys) Close(name);", "") { Tests = _files },
        new("does not close a file", "ReleaseFiles.Close", "open.File.Dispose();", "") { Tests = _files },

        new("gives lines without a correlation id no file", "FileNames.For",
            "string.IsNullOrEmpty(correlationId)", "correlationId is null") { Tests = _names },
        new("writes hidden files", "FileNames.For", "name.StartsWith('.')", "false") { Tests = _names },
        new("writes outside its directory", "FileNames.For",
            "Uri.EscapeDataString(correlationId)", "correlationId") { Tests = _names },
        new("keeps the tilde", "FileNames.For",
            "Uri.EscapeDataString(correlationId).Replace(\"~\", \"%7E\", StringComparison.Ordinal)",
            "Uri.EscapeDataString(correlationId)") { Tests = _names },
        new("makes a name that is too long", "FileNames.For", "name.Length <= MaxLength", "name.Length <= 300")
        {
            Tests = _names,
        },
        new("makes a digest one character too early", "FileNames.For", "name.Length <= MaxLength",
            "name.Length < MaxLength") { Tests = _names },
        new("gives long ids with one beginning one file", "FileNames.For",
            "Encoding.UTF8.GetBytes(correlationId)", "Encoding.UTF8.GetBytes(name[..100])") { Tests = _names },

        new("redacts the whole message", "Redactor.Redact", "message.Split('\\n')", "new[] { message }")
        {
            Tests = _redactor,
        },
        new("redacts what it should keep", "Redactor.Redact",
            "MustRedact(line.TrimEnd('\\r'))", "!MustRedact(line.TrimEnd('\\r'))") { Tests = _redactor },
        new("matches with a carriage return", "Redactor.Redact", "line.TrimEnd('\\r')", "line") { Tests = _redactor },
        new("redacts only what all patterns match", "Redactor.MustRedact",
            "_patterns.Any(pattern => pattern.IsMatch(line))", "_patterns.All(pattern => pattern.IsMatch(line))")
        {
            Tests = _redactor,
        },
        new("writes a line that it could not match in time", "Redactor.MustRedact",
            "return true;", "return false;") { Tests = _redactor },
        new("matches without a time limit", "Redactor._patterns",
            "new Regex(pattern, RegexOptions.CultureInvariant, MatchTimeout)",
            "new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromHours(1))") { Tests = _redactor },
        new("ignores the case of patterns", "Redactor._patterns",
            "RegexOptions.CultureInvariant", "RegexOptions.IgnoreCase") { Tests = _redactor },
        new("holds up the lines behind a slow pattern", "Redactor.MatchTimeout",
            "TimeSpan.FromMilliseconds(200)", "TimeSpan.FromSeconds(20)") { Tests = ["RedactorTests"] },
    ]);
}
