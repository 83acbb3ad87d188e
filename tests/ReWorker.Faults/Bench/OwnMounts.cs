using System.Diagnostics;

namespace ReWorker.Faults;

/// <summary>Files that only the worker sees: in a mount namespace of its own, /etc/hosts can change under it, there can be a /run/secrets, and a disk can be small.</summary>
internal static class OwnMounts
{
    public static ProcessStartInfo Hosts(ProcessStartInfo start, string file, string program) => Mounted(start, $"mount --bind {file} /etc/hosts", program);

    public static ProcessStartInfo Secrets(ProcessStartInfo start, string folder, string program) =>
        Mounted(start, $"mount -t tmpfs none /run && mkdir /run/secrets && mount --bind {folder} /run/secrets", program);

    /// <summary>The output worker, and a folder with room for 64 KiB.</summary>
    public static ProcessStartInfo SmallDisk(ProcessStartInfo start, string folder, string program) => Mounted(start, $"mount -t tmpfs -o size=64k none {folder}", program, " output");

    private static ProcessStartInfo Mounted(ProcessStartInfo start, string mounts, string program, string verb = "")
    {
        start.ArgumentList.Clear();
        foreach (var word in new[] { "-m", "sh", "-c", $"{mounts} && exec {program} worker{verb}" }) start.ArgumentList.Add(word);
        start.FileName = "unshare";
        return start;
    }
}
