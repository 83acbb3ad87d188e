using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ReWorker.Hosting;
using ReWorker.Running;
using ReWorker.Supervision;
using ReWorker.Telemetry;
using ReWorker.Tests.Contract;
using Xunit;

namespace ReWorker.Tests.Supervising;

/// <summary>Each worker that is added to a host gets its settings; all share one runtime.</summary>
public sealed class WorkerRegistrationTests
{
    [Fact]
    public void Host_WithTwoWorkers_HasOneRuntime()
    {
        using var host = Build([], typeof(FirstWorker), typeof(SecondWorker));

        var services = host.Services.GetServices<IHostedService>().ToList();

        Assert.Equal(
            [nameof(Supervisor), nameof(ThreadPoolGuard)], services.Select(one => one.GetType().Name).Order());
        Assert.Same(host.Services.GetRequiredService<Supervisor>(), services.Single(one => one is Supervisor));
        Assert.Equal(
            ["FirstWorker", "SecondWorker"], host.Services.GetServices<Runner>().Select(runner => runner.Name));
    }

    [Fact]
    public void Queue_OfEachWorker_HasADefaultOfItsOwn()
    {
        using var host = Build([], typeof(FirstWorker), typeof(SecondWorker));

        Assert.Equal(["worker.firstworker", "worker.secondworker"], Queues(host));
    }

    [Fact]
    public void Queue_OfTheSection_IsTheFirstWorkersOnly()
    {
        using var host = Build([("Worker:Queue", "shared")], typeof(FirstWorker), typeof(SecondWorker));

        Assert.Equal(["worker.shared", "worker.secondworker"], Queues(host));
    }

    [Fact]
    public void Queue_OfTheWorkersOwnSection_ComesFirst()
    {
        using var host = Build(
            [("Worker:Queue", "shared"), ("Worker:FirstWorker:Queue", "one"), ("Worker:SecondWorker:Queue", "two")],
            typeof(FirstWorker), typeof(SecondWorker));

        Assert.Equal(["worker.one", "worker.two"], Queues(host));
    }

    [Theory]
    [InlineData(null, "worker.Given")]
    [InlineData("set", "worker.set")]
    public void Queue_GivenInCode_IsTheDefault(string? setting, string expected)
    {
        using var host = Build([("Worker:Queue", setting)], builder => builder.AddWorker<FirstWorker>(queue: "Given"));

        Assert.Equal([expected], Queues(host));
    }

    [Fact]
    public void Settings_OfEachWorker_AreTheSectionsAndItsOwn()
    {
        using var host = Build(
            [("Worker:Concurrency", "3"), ("Worker:TimeLimit", "00:00:07"), ("Worker:SecondWorker:Concurrency", "5")],
            typeof(FirstWorker), typeof(SecondWorker));

        Assert.Equal(
            [(3, 7), (5, 7)],
            host.Services.GetServices<Runner>()
                .Select(runner => (runner.Options.Concurrency, (int)runner.Options.TimeLimit.TotalSeconds)));
    }

    /// <summary>The host must not cut a drain short; ten seconds more are for the last replies and the close.</summary>
    [Theory]
    [InlineData("00:00:20", "00:00:05", 30)]
    [InlineData("00:00:20", "00:01:00", 70)]
    [InlineData("00:02:00", "00:00:05", 130)]
    [InlineData("00:00:01", "00:00:05", 30)]
    public void ShutdownTimeout_OfTheHost_IsLongEnoughForTheLongestDrain(string first, string second, int seconds)
    {
        using var host = Build(
            [("Worker:FirstWorker:DrainTimeout", first), ("Worker:SecondWorker:DrainTimeout", second)],
            typeof(FirstWorker), typeof(SecondWorker));

        var timeout = host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;

        Assert.Equal(seconds, timeout.TotalSeconds);
    }

    [Theory]
    [InlineData("Worker:Concurrency", "0", "Worker:Concurrency ")]
    [InlineData("Worker:SecondWorker:Concurrency", "0", "Worker:SecondWorker:Concurrency ")]
    [InlineData("Worker:SecondWorker:DrainTimeout", "-00:00:01", "Worker:SecondWorker:DrainTimeout ")]
    [InlineData("Worker:Concurency", "1", "unknown setting Worker:Concurency;")]
    [InlineData("Worker:SecondWorker:Concurency", "1", "unknown setting Worker:SecondWorker:Concurency;")]
    public async Task Start_ASettingIsWrong_FailsAndNamesItsKey(string key, string value, string expected)
    {
        using var host = Build([(key, value)], typeof(FirstWorker), typeof(SecondWorker));

        var error = await Record.ExceptionAsync(() => host.StartAsync(TestContext.Current.CancellationToken));

        var all = error is AggregateException several ? several.InnerExceptions : [error!];
        Assert.All(all, one => Assert.IsType<OptionsValidationException>(one));
        Assert.Contains(
            all.Cast<OptionsValidationException>().SelectMany(one => one.Failures),
            failure => failure.StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Config_OfAWorker_IsItsSection()
    {
        using var host = Build([("WorkerConfig:database", "db1")], typeof(FirstWorker));
        _ = host.Services.GetServices<Runner>().Single();

        Assert.Equal("db1", host.Services.GetRequiredService<FirstWorker>().Settings["database"]);
    }

    [Fact]
    public void Types_ThatTheJsonContextLacks_FailTheStart()
    {
        using var host = Build([], builder => builder.AddWorker<TypedWorker>(new Nothing()));

        var error = Assert.ThrowsAny<Exception>(() => host.Services.GetServices<Runner>().ToList());

        Assert.Contains("TypedWorker", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Workers_OfAnAssembly_AreAdded()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);

        builder.AddWorkersOf(new OneWorker());

        using var host = builder.Build();
        Assert.Equal("FirstWorker", Assert.Single(host.Services.GetServices<Runner>()).Name);
    }

    [Fact]
    public void Log_OfAWorker_HasItsCategory()
    {
        var logs = new LogRecords();
        using var host = Build([], builder =>
        {
            builder.Services.AddLogging(logging => logging.Services.AddSingleton<
                Microsoft.Extensions.Logging.ILoggerProvider>(logs));
            builder.AddWorker<FirstWorker>();
        });
        var runner = host.Services.GetServices<Runner>().Single();

        runner.StopAccepting();

        Assert.Equal("ReWorker.FirstWorker", Assert.Single(logs.All).Category);
    }

    private static IEnumerable<string> Queues(IHost host) =>
        host.Services.GetServices<Runner>().Select(runner => runner.Queue);

    private static IHost Build((string Key, string? Value)[] settings, params Type[] workers) =>
        Build(settings, builder =>
        {
            if (workers.Contains(typeof(FirstWorker))) builder.AddWorker<FirstWorker>();
            if (workers.Contains(typeof(SecondWorker))) builder.AddWorker<SecondWorker>();
        });

    private static IHost Build((string Key, string? Value)[] settings, Action<HostApplicationBuilder> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        // nothing listens there; a host that should not start must not get that far
        var broker = new Dictionary<string, string?> { ["ConnectionStrings:rabbitmq"] = "amqp://127.0.0.1:1/" };
        builder.Configuration.AddInMemoryCollection(broker);
        builder.Configuration.AddInMemoryCollection(
            settings.Where(one => one.Value is not null).ToDictionary(one => one.Key, one => one.Value));
        add(builder);
        return builder.Build();
    }

    public abstract class PlainWorker : Worker
    {
        public IConfiguration Settings => Config;

        protected internal override Task<object?> ProcessAsync(Job job, CancellationToken cancel) =>
            Task.FromResult<object?>(null);
    }

    public sealed class FirstWorker : PlainWorker;

    public sealed class SecondWorker : PlainWorker;

    public sealed class TypedWorker : PlainWorker
    {
        internal override IEnumerable<Type> JsonTypes => [typeof(Version)];
    }

    [AttributeUsage(AttributeTargets.Assembly)]
    private sealed class AddFirst : AddWorkerAttribute
    {
        public override void AddTo(IHostApplicationBuilder host) => host.AddWorker<FirstWorker>();
    }

    private sealed class OneWorker : Assembly
    {
        public override object[] GetCustomAttributes(Type attributeType, bool inherit) =>
            new AddWorkerAttribute[] { new AddFirst() };
    }

    private sealed class Nothing : IJsonTypeInfoResolver
    {
        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) => null;
    }
}
