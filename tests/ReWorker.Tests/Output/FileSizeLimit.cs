using System.Runtime.InteropServices;

namespace ReWorker.Tests.Output;

/// <summary>Makes writing fail beyond a size that no other test reaches, as on a file system that is full.</summary>
internal sealed partial class FileSizeLimit : IDisposable
{
    public const long Bytes = 1L << 36;

    private const int FileSize = 1; // RLIMIT_FSIZE
    private const int FileTooLarge = 25; // SIGXFSZ, which would end the process
    private readonly ulong[] _before = new ulong[2];

    private FileSizeLimit()
    {
        Check(GetLimit(FileSize, _before));
        _ = Signal(FileTooLarge, 1);
        Check(SetLimit(FileSize, [Bytes, _before[1]]));
    }

    public static FileSizeLimit Set() => new();

    public void Dispose() => Check(SetLimit(FileSize, _before));

    private static void Check(int result)
    {
        if (result != 0) throw new InvalidOperationException("the limit can't be read or set");
    }

    [DllImport("libc", EntryPoint = "getrlimit"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetLimit(int resource, [Out] ulong[] limit);

    [DllImport("libc", EntryPoint = "setrlimit"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetLimit(int resource, [In] ulong[] limit);

    [DllImport("libc", EntryPoint = "signal"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Signal(int signal, nint handler);
}
