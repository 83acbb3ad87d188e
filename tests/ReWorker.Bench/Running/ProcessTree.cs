using System.Diagnostics;
using System.Globalization;

namespace ReWorker.Bench.Running;

/// <summary>Processes as Linux shows them; elsewhere there is nothing to see.</summary>
internal static class ProcessTree
{
    /// <summary>The process, or the one below it, whose name begins so.</summary>
    public static int? Find(int root, string name)
    {
        if (!Directory.Exists("/proc/self")) return null;
        var all = Process.GetProcesses().Select(one => (one.Id, Stat: Stat(one.Id))).Where(one => one.Stat is not null).ToDictionary(one => one.Id, one => one.Stat!.Value);
        return all.Where(one => one.Value.Name.StartsWith(name, StringComparison.Ordinal) && Above(one.Key).Contains(root)).Select(one => (int?)one.Key).FirstOrDefault();

        IEnumerable<int> Above(int pid)
        {
            for (; all.TryGetValue(pid, out var stat); pid = stat.Parent) yield return pid;
        }
    }

    /// <summary>Seconds of CPU that a process has used; null if it can't be seen.</summary>
    public static double? Cpu(int? pid)
    {
        try
        {
            return pid is null ? null : Process.GetProcessById(pid.Value).TotalProcessorTime.TotalSeconds;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static (string Name, int Parent)? Stat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            var (open, close) = (text.IndexOf('(', StringComparison.Ordinal), text.LastIndexOf(')'));
            return (text[(open + 1)..close], int.Parse(text[(close + 4)..].Split(' ')[0], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }
}
