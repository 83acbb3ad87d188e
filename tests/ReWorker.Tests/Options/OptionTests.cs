using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ReWorker;
using ReWorker.Hosting;
using ReWorker.Tests.Contract;
using ReWorker.Tools.CommandLine;
using ReWorker.Tools.Hosting;
using ReWorker.Tools.OutputLog;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>An invalid setting stops the start. The error names the key, the value and what is allowed.</summary>
public sealed class OptionTests
{
    private const string Secret = "s3cr3t";

    /// <summary>Key, what it is set to, what the error says.</summary>
    private static readonly (string Key, string? Value, string Says)[] Wrong =
    [
        ("Broker:Server", "", "Broker:Server is ''; allowed: 1 to 255 bytes"),
        ("Broker:Server", new string('s', 256), "'; allowed: 1 to 255 bytes"),
        ("Broker:Port", "0", "Broker:Port is '0'; allowed: 1 to 65535"),
        ("Broker:Port", "65536", "Broker:Port is '65536'; allowed: 1 to 65535"),
        ("Broker:Port", "amqp", "'amqp' at 'Broker:Port'"),
        ("Broker:VHost", new string('v', 256), "; allowed: 1 to 255 bytes"),
        ("Broker:User", "", "Broker:User is ''; allowed: 1 to 255 bytes"),
        ("Broker:Password", new string('p', 65_536), "Broker:Password is not 0 to 65535 bytes"),
        ("Broker:Ssl", "yes", "'yes' at 'Broker:Ssl'"),
        ("Broker:Heartbeat", "00:00:00.5", "Broker:Heartbeat is '00:00:00.5000000'; allowed: 00:00:01 to 00:10:00"),
        ("Broker:Heartbeat", "soon", "'soon' at 'Broker:Heartbeat'"),
        ("Broker:ConnectTimeout", "00:05:01", "Broker:ConnectTimeout is '00:05:01'; allowed: 00:00:01 to 00:05:00"),
        ("Broker:ConfirmTimeout", "00:00:00", "Broker:ConfirmTimeout is '00:00:00'; allowed: 00:00:01 to 00:10:00"),
        ("Broker:MaxBackoff", "-00:00:01", "Broker:MaxBackoff is '-00:00:01'; allowed: 00:00:01 to 00:10:00"),
        ("Worker:Queue", new string('q', 241), "Worker:Queue is 'q"),
        ("Worker:Concurrency", "0", "Worker:Concurrency is '0'; allowed: 1 to 10000"),
        ("Worker:Concurrency", "10001", "Worker:Concurrency is '10001'; allowed: 1 to 10000"),
        ("Worker:Concurrency", "many", "'many' at 'Worker:Concurrency'"),
        ("Worker:FrobWorker:Concurrency", "0", "Worker:FrobWorker:Concurrency is '0'; allowed: 1 to 10000"),
        ("Worker:Concurency", "3",
            "unknown setting Worker:Concurency; allowed in Worker: Queue, Concurrency, Prefetch, TimeLimit, " +
            "DrainTimeout, MaxBodyBytes, MaxAttempts, OnRedelivery, OutputLevel, AutoNotify"),
        ("Worker:FrobWorker:onRedelivry", "Fail",
            "unknown setting Worker:FrobWorker:onRedelivry; allowed in Worker:FrobWorker: Queue, "),
        ("Worker:OfAnotherProcess:MaxAttempt", "1", "unknown setting Worker:OfAnotherProcess:MaxAttempt; "),
        ("Broker:Host", "b", "unknown setting Broker:Host; allowed in Broker: Server, Port, "),
        ("Broker:Tls:CaFile", "b", "unknown setting Broker:Tls; allowed in Broker: Server, "),
        ("OutputWorker:Dir", "b",
            "unknown setting OutputWorker:Dir; allowed in OutputWorker: Directory, Redactions, MaxOpenFiles"),
        ("Worker:Prefetch", "0", "Worker:Prefetch is '0'; allowed: 1 to 65535"),
        ("Worker:Prefetch", "65536", "Worker:Prefetch is '65536'; allowed: 1 to 65535"),
        ("Worker:TimeLimit", "00:00:00.05",
            "Worker:TimeLimit is '00:00:00.0500000'; allowed: 00:00:00.1 to 24.00:00:00"),
        ("Worker:TimeLimit", "25.00:00:00", "Worker:TimeLimit is '25.00:00:00'; allowed: 00:00:00.1 to 24.00:00:00"),
        ("Worker:DrainTimeout", "1.00:00:01", "Worker:DrainTimeout is '1.00:00:01'; allowed: 00:00:00 to 1.00:00:00"),
        ("Worker:MaxBodyBytes", "0", "Worker:MaxBodyBytes is '0'; allowed: 1 to 16777216"),
        ("Worker:MaxBodyBytes", "16777217", "Worker:MaxBodyBytes is '16777217'; allowed: 1 to 16777216"),
        ("Worker:MaxAttempts", "0", "Worker:MaxAttempts is '0'; allowed: 1 to 1000"),
        ("Worker:OnRedelivery", "Perhaps", "'Perhaps' at 'Worker:OnRedelivery'"),
        ("Worker:OnRedelivery", "7", "Worker:OnRedelivery is '7'; allowed: RunAgain, Fail"),
        ("Worker:OutputLevel", "Loud", "'Loud' at 'Worker:OutputLevel'"),
        ("Worker:OutputLevel", "9",
            "Worker:OutputLevel is '9'; allowed: Trace, Debug, Information, Warning, Error, Critical, None"),
        ("Worker:AutoNotify", "maybe", "'maybe' at 'Worker:AutoNotify'"),
        ("OutputWorker:Directory", "", "OutputWorker:Directory is ''; allowed: 1 to 4096 bytes"),
        ("OutputWorker:Redactions:0", "(", "OutputWorker:Redactions is '('; allowed: regular expressions"),
        ("OutputWorker:MaxOpenFiles", "0", "OutputWorker:MaxOpenFiles is '0'; allowed: 1 to 10000"),
        ("ConnectionStrings:rabbitmq", $"http://u:{Secret}@host/",
            "ConnectionStrings:rabbitmq is not an AMQP URI; allowed: amqp://user:password@host:port/vhost"),
        ("Broker:CaFile", "/no/such/ca.pem", "Broker:CaFile: Could not find"),
        ("Broker:CertificateFile", "/no/such/cert.pem", "Broker:CertificateFile, Broker:KeyFile: Could not find"),
        ("ConnectionStrings:rabbitmq", $"u:{Secret}@host", "ConnectionStrings:rabbitmq is not an AMQP URI"),
    ];

    /// <summary>A name is any name; the key's file belongs to the certificate's.</summary>
    private static readonly string[] NotRanged = ["Broker:ServerName", "Broker:KeyFile"];

    public static TheoryData<string, string?, string> Table
    {
        get
        {
            var table = new TheoryData<string, string?, string>();
            foreach (var (key, value, says) in Wrong) table.Add(key, value, says);
            return table;
        }
    }

    [Theory, MemberData(nameof(Table))]
    public async Task Start_SettingOutOfRange_StopsAndNamesKeyValueAndWhatIsAllowed(
        string key, string? value, string says)
    {
        var error = await StartAsync((key, value));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SecretOutOfRange_IsNotShown()
    {
        var error = await StartAsync(("Broker:Password", Secret + new string('x', 65_536)));

        Assert.Contains("Broker:Password", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Start_SeveralSettingsWrong_AllAreNamedAtOnce()
    {
        string[] settings = ["--Broker:Port=0", "--Worker:Concurrency=0", "--Worker:MaxAttempts=-1"];
        var error = Assert.Throws<AggregateException>(() => WorkerHost.Build(settings, 0, builder =>
        {
            builder.Services.Add(new(typeof(Frob), new Frob((_, _, _) => Task.FromResult<object?>(null))));
            builder.AddWorker<FrobWorker>();
        }));

        var said = ErrorMessage.For(error)!.Value.Line;
        foreach (var each in new[] { "Broker:Port is '0'", "Worker:Concurrency is '0'", "Worker:MaxAttempts is '-1'" })
            Assert.Contains(each, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Table_OfWrongSettings_HasEveryOption()
    {
        var keys = new[] { typeof(BrokerOptions), typeof(WorkerOptions), typeof(OutputWorkerOptions) }
            .SelectMany(type => type.GetProperties(), (type, property) => $"{Section(type)}:{property.Name}");

        Assert.All(
            keys.Except(NotRanged),
            key => Assert.Contains(Wrong, one => one.Key.StartsWith(key, StringComparison.Ordinal)));

        static string Section(Type type) => type.Name.Replace("Options", "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OnRedelivery.RunAgain, null, 32)]
    [InlineData(OnRedelivery.Fail, null, 8)]
    [InlineData(OnRedelivery.Fail, 20, 20)]
    public void Prefetch_NotSet_FollowsConcurrency(OnRedelivery onRedelivery, int? given, int expected)
    {
        var options = new WorkerOptions { Concurrency = 8, OnRedelivery = onRedelivery, Prefetch = given };

        Assert.Equal(expected, options.EffectivePrefetch);
    }

    [Fact]
    public async Task Start_TwoWorkersOnOneQueue_SaysSo()
    {
        using var host = Build(
            [("Worker:FrobWorker:Queue", "same"), ("Worker:OtherWorker:Queue", "same")],
            builder => builder.AddWorker<OtherWorker>());

        var error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            "FrobWorker and OtherWorker have the same queue, worker.same; " +
            "allowed: one each, by Worker:<class name>:Queue",
            error.Message);
    }

    private static async Task<Exception> StartAsync(params (string Key, string? Value)[] settings)
    {
        try
        {
            using var host = Build(settings, _ => { });
            await host.StartAsync(TestContext.Current.CancellationToken);
            await host.StopAsync(TestContext.Current.CancellationToken);
        }
        catch (Exception e) when (
            e is OptionsValidationException or InvalidOperationException or FormatException or AggregateException)
        {
            return e;
        }
        throw Xunit.Sdk.FailException.ForFailure("it started");
    }

    private static IHost Build((string Key, string? Value)[] settings, Action<HostApplicationBuilder> more)
    {
        // nothing listens there; a host that should not start must not get that far
        (string, string?)[] all =
        [
            ("ConnectionStrings:rabbitmq", ""), ("Broker:Server", "127.0.0.1"), ("Broker:Port", "1"),
            ("Broker:Ssl", "true"), .. settings,
        ];
        var builder = RunningWorker.Builder(new Uri("amqp://127.0.0.1:1"), "q", all, out _);
        builder.Services.Add(new(typeof(Frob), new Frob((_, _, _) => Task.FromResult<object?>(null))));
        builder.AddWorker<FrobWorker>();
        more(builder);
        if (settings.Any(one => one.Key.StartsWith("OutputWorker", StringComparison.Ordinal)))
            OutputWorker.Add(builder);
        return builder.Build();
    }
}
