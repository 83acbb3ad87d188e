using System.Text.Json;

namespace ReWorker.Tools.CommandLine;

/// <summary>Reads a JSON file that the command line names; what is wrong is said with its name.</summary>
internal static class JsonFile
{
    public static byte[] ReadBytes(string path)
    {
        try
        {
            return WithoutMark(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: there is no such file");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new UsageException($"{path} can't be read: {(Directory.Exists(path) ? "it is a folder" : e.Message)}");
        }
    }

    public static JsonElement ReadObject(string path)
    {
        JsonElement json;
        try
        {
            json = JsonElement.Parse(ReadBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            throw new UsageException($"{path} is no JSON: {e.Message}");
        }
        if (json.ValueKind is not JsonValueKind.Object) throw new UsageException($"{path} is no JSON object; allowed: {{\"key\": value, …}}");
        return json;
    }

    /// <summary>Editors on Windows begin a file with a byte order mark.</summary>
    public static byte[] WithoutMark(byte[] text) => text.AsSpan().StartsWith("\uFEFF"u8) ? text[3..] : text;
}
