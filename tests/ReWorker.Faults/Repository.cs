namespace ReWorker.Faults;

internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "broker.sh"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("run it inside the repository");
    }
}
