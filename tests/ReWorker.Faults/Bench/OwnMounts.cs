using System.Diagnostics;

namespace ReWorker.Faults;

/// <summary>Gives a worker files of its own in a mount namespace: /etc/hosts, /run/secrets, a small disk.</summary>
internal static class OwnMounts
{
    public static ProcessStartInfo Hosts(ProcessStartInfo start, string file, string program) =>
        Mounted(start, $"mount --bind {file} /etc/hosts", program);

    public static ProcessStartInfo Secrets(ProcessStartInfo start, string folder, string program) => Mounted(
        start, $"mount -t tmpfs none /run && mkdir /run/secrets && mount --bind {folder} /run/secrets", program);

    /// <summary>Starts the output worker, with a folder that has room for 64 KiB.</summary>
    public static ProcessStartInfo SmallDisk(ProcessStartInfo start, string folder, string program) =>
        Mounted(start, $"mount -t tmpfs -o size=64k none {folder}", program, " output");

    private static ProcessStartInfo Mounted(ProcessStartInfo start, string mounts, string program, string verb = "")
    {
        string[] words = ["-m", "sh", "-c", $"{mounts} && exec {program} worker{verb}"];
        start.ArgumentList.Clear();
        foreach (var word in words) start.ArgumentList.Add(word);
        start.FileName = "unshare";
        return start;
    }
}
