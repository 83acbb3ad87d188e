namespace ReWorker.Tools.CommandLine;

/// <summary>Reads a JSON file that the command line names. Errors name the file.</summary>
internal static class JsonFile
{
    public static byte[] ReadBytes(string path)
    {
        try
        {
            return SkipByteOrderMark(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: no such file");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            var reason = Directory.Exists(path) ? "it is a directory" : e.Message;
            throw new UsageException($"{path} can't be read: {reason}");
        }
    }

    public static JsonElement ReadObject(string path)
    {
        try
        {
            var json = JsonElement.Parse(ReadBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.ValueKind is JsonValueKind.Object) return json;
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is not JSON: {e.Message}");
        }
        throw new UsageException($"{path} is not a JSON object; allowed: {{\"key\": value, …}}");
    }

    /// <summary>Editors on Windows put a byte order mark at the start of a file.</summary>
    public static byte[] SkipByteOrderMark(byte[] text) => text.AsSpan().StartsWith("\uFEFF"u8) ? text[3..] : text;
}
