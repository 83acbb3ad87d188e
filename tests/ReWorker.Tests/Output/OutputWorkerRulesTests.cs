using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ReWorker.Testing;
using ReWorker.Tests.Contract;
using ReWorker.Tests.Fakes;
using ReWorker.Tools.OutputLog;
using Xunit;

namespace ReWorker.Tests.Output;

/// <summary>The output worker without a broker: a line is acknowledged once it is written, never before.</summary>
public sealed class OutputWorkerRulesTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("reworker-rules-");
    private readonly RecordingTime _time = new();
    private readonly LogRecords _logs = new();
    private readonly string _directory;

    public OutputWorkerRulesTests() => _directory = Path.Combine(_root.FullName, "out");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string[] Lines => File.Exists(Path.Combine(_directory, "harness.log"))
        ? File.ReadAllLines(Path.Combine(_directory, "harness.log"))
        : [];

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task Line_Written_IsAcknowledgedAndNothingIsSent()
    {
        var result = await RunAsync("""{"message":"a line","other":1}""");

        Assert.Equal((true, false, false), (result.IsAcknowledged, result.IsRequeued, result.IsParked));
        Assert.Empty(result.Messages);
        Assert.Equal(["a line"], Lines);
        var record = Assert.Single(_logs.WithId(60));
        Assert.Equal((LogLevel.Debug, "harness │ a line"), (record.Level, record.Message));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"message":5}""")]
    [InlineData("""{"message":null}""")]
    [InlineData("""{"Message":"x"}""")]
    [InlineData("{")]
    public async Task Line_NotAMessage_IsParkedAndNotWritten(string body)
    {
        var result = await RunAsync(body);

        Assert.Equal((true, true), (result.IsAcknowledged, result.IsParked));
        Assert.Equal(HarnessMessageKind.Parked, Assert.Single(result.Messages).Kind);
        Assert.Empty(Lines);
    }

    [Fact]
    public async Task Line_ThatAPatternMatches_IsNeitherWrittenNorLogged()
    {
        var result = await RunAsync("""{"message":"the password is x"}""", redactions: "password");

        Assert.True(result.IsAcknowledged);
        Assert.Equal(["[redacted]"], Lines);
        Assert.DoesNotContain(_logs.All, record => record.Message.Contains("password", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Line_CannotBeWritten_IsRetriedEvery5SecondsAndNotAcknowledged()
    {
        await File.WriteAllTextAsync(_directory, "a file in the directory's place", Cancel);

        var running = RunAsync("""{"message":"kept"}""");
        await _time.TimerAsync(TimeSpan.FromSeconds(5));
        Assert.Single(_logs.WithId(61));
        _time.Advance(TimeSpan.FromSeconds(5));
        await _time.TimerAsync(TimeSpan.FromSeconds(5), count: 2);
        Assert.Equal(2, _logs.WithId(61).Count);
        Assert.False(running.IsCompleted);
        File.Delete(_directory);
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.True((await running).IsAcknowledged);
        Assert.Equal(["kept"], Lines);
        var record = _logs.WithId(61)[0];
        Assert.Equal(LogLevel.Error, record.Level);
        Assert.Matches("^Could not write a line: .+. It is kept and retried every 5 s.$", record.Message);
        Assert.Single(_logs.WithId(60));
    }

    [Fact]
    public async Task Line_CannotBeWrittenBeforeTheWorkerStops_IsRequeued()
    {
        await File.WriteAllTextAsync(_directory, "a file in the directory's place", Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

        var running = RunAsync("""{"message":"kept"}""", stop.Token);
        await _time.TimerAsync(TimeSpan.FromSeconds(5));
        await stop.CancelAsync();

        var result = await running;
        Assert.Equal((false, true, false), (result.IsAcknowledged, result.IsRequeued, result.IsParked));
        Assert.Empty(result.Messages);
    }

    [Fact]
    public void Worker_Topology_ReceivesTheOutputOfAllJobs()
    {
        using var files = new ReleaseFiles(Options());
        var worker = Worker(files);

        Assert.Equal(["output"], worker.RoutingKeys);
        Assert.False(worker.SendsReplies);
    }

    /// <summary>The settings for jobs may come from the same file. None of them may cost a line.</summary>
    [Fact]
    public void Add_SettingsForJobs_DoNotApply()
    {
        using var services = Services(
            ("Worker:Queue", "jobs"), ("Worker:Concurrency", "16"), ("Worker:Prefetch", "1"),
            ("Worker:TimeLimit", "00:00:01"), ("Worker:MaxAttempts", "1"), ("Worker:OnRedelivery", "Fail"),
            ("Worker:MaxBodyBytes", "8"), ("Worker:AutoNotify", "true"));

        var options = services.GetRequiredService<IOptionsMonitor<WorkerOptions>>().Get(nameof(OutputWorker));

        Assert.Equal(("output", 1, 256), (options.Queue, options.Concurrency, options.EffectivePrefetch));
        Assert.Equal((TimeSpan.FromDays(24), false), (options.TimeLimit, options.AutoNotify));
        Assert.Equal((OnRedelivery.RunAgain, 1000), (options.OnRedelivery, options.MaxAttempts));
        Assert.Equal(16 * 1024 * 1024, options.MaxBodyBytes);
        Assert.Equal("worker.output", services.GetServices<Running.Runner>().Single().Queue);
    }

    [Fact]
    public void Add_NoSettings_UsesTheDefaults()
    {
        using var services = Services();

        var options = services.GetRequiredService<IOptions<OutputWorkerOptions>>().Value;

        Assert.Equal(("output", 0, 256), (options.Directory, options.Redactions.Count, options.MaxOpenFiles));
    }

    [Theory]
    [InlineData("OutputWorker:MaxOpenFiles", "10001", "OutputWorker:MaxOpenFiles is '10001'; allowed: 1 to 10000")]
    [InlineData("OutputWorker:Redactions:1", "(", "OutputWorker:Redactions is '('; allowed: regular expressions")]
    [InlineData("OutputWorker:Redaction:0", "x", "unknown setting OutputWorker:Redaction; allowed in OutputWorker: ")]
    public void Add_InvalidSetting_StopsTheStart(string key, string value, string expected)
    {
        using var services = Services(("OutputWorker:Redactions:0", "fine"), (key, value));

        var error = Assert.Throws<OptionsValidationException>(
            () => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.StartsWith(expected, Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value)));
        OutputWorker.Add(builder);
        return builder.Services.BuildServiceProvider();
    }

    private async Task<HarnessResult> RunAsync(string body, CancellationToken? stop = null, params string[] redactions)
    {
        using var files = new ReleaseFiles(Options(redactions));
        var options = new WorkerOptions { Queue = "output", TimeLimit = TimeSpan.FromDays(24), AutoNotify = false };
        var harness = new JobHarness(Worker(files, redactions), options: options, time: _time);
        return await harness.RunAsync(body, stop ?? Cancel);
    }

    private OutputWorker Worker(ReleaseFiles files, params string[] redactions)
    {
        var log = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(_logs));
        return new(files, new Redactor(Options(redactions)), _time, log.CreateLogger<OutputWorker>());
    }

    private IOptions<OutputWorkerOptions> Options(params string[] redactions) =>
        Microsoft.Extensions.Options.Options.Create(
            new OutputWorkerOptions { Directory = _directory, Redactions = redactions });
}
