using ReWorker.OutputLog;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>The files themselves: shared, and rotated.</summary>
public sealed class ReleaseFilesTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("reworker-files-");

    private ReleaseFiles Files => new(Microsoft.Extensions.Options.Options.Create(new OutputWorkerOptions { Directory = _directory.FullName }));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>While one version of the output worker takes the other's place, both write.</summary>
    [Fact, Contract("Output worker / one file a release")]
    public async Task Append_ByTwoOutputWorkersAtOnce_LosesNoLine()
    {
        const int lines = 5000;

        await Task.WhenAll(new[] { Files, Files }.Select((files, worker) => Task.Run(
            () =>
            {
                for (var i = 0; i < lines; i++) files.Append("r", $"line {i} of {worker}");
            }, Cancel)));

        var written = await File.ReadAllLinesAsync(Path.Combine(_directory.FullName, "r.log"), Cancel);
        foreach (var worker in new[] { 0, 1 })
            Assert.Equal(Enumerable.Range(0, lines).Select(i => $"line {i} of {worker}"), written.Where(one => one.EndsWith($"of {worker}", StringComparison.Ordinal)));
    }

    [Fact, Contract("Output worker / one file a release")]
    public async Task Append_ToAFileThatWasRotated_BeginsTheNext()
    {
        var (files, path) = (Files, Path.Combine(_directory.FullName, "r.log"));
        files.Append("r", "before");
        File.Move(path, $"{path}.1");
        await File.Create(path).DisposeAsync();

        files.Append("r", "after");

        Assert.Equal("before\n", await File.ReadAllTextAsync($"{path}.1", Cancel));
        Assert.Equal("after\n", await File.ReadAllTextAsync(path, Cancel));
    }
}
