using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ReWorker.Wire.Connections;
using ReWorker.Wire.Settings;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>The broker's settings: their defaults and limits, and how they are registered.</summary>
public sealed class BrokerOptionsTests
{
    /// <summary>Key; the smallest and the largest value; one below and one above; and what the error says.</summary>
    private static readonly (string Key, string Min, string Max, string Below, string Above, string Allowed)[] Limits =
    [
        ("Port", "1", "65535", "0", "65536", "1 to 65535"),
        ("Heartbeat", "00:00:01", "00:10:00", "00:00:00.9990000", "00:10:00.0010000", "00:00:01 to 00:10:00"),
        ("ConnectTimeout", "00:00:01", "00:05:00", "00:00:00.9990000", "00:05:00.0010000", "00:00:01 to 00:05:00"),
        ("ConfirmTimeout", "00:00:01", "00:10:00", "00:00:00.9990000", "00:10:00.0010000", "00:00:01 to 00:10:00"),
        ("MaxBackoff", "00:00:01", "00:10:00", "00:00:00.9990000", "00:10:00.0010000", "00:00:01 to 00:10:00"),
    ];

    public static TheoryData<string> Keys => [.. Limits.Select(limit => limit.Key)];

    [Fact]
    public void Options_NotSet_HaveTheirDefaults()
    {
        var options = Read();

        Assert.Equal(
            ("localhost", default(int?), "/", "guest", "guest", false),
            (options.Server, options.Port, options.VHost, options.User, options.Password, options.Ssl));
        Assert.Equal(
            (null, null, null, null, null),
            (options.ServerName, options.CaFile, options.CertificateFile, options.KeyFile, options.Uri));
        Assert.Equal(
            (10, 15, 30, 10),
            (options.Heartbeat.TotalSeconds, options.ConnectTimeout.TotalSeconds,
                options.ConfirmTimeout.TotalSeconds, options.MaxBackoff.TotalSeconds));
    }

    [Theory, MemberData(nameof(Keys))]
    public void Option_AtItsLimits_IsAllowedUpToThem(string key)
    {
        var (_, min, max, below, above, allowed) = Limits.Single(limit => limit.Key == key);

        foreach (var value in new[] { min, max })
        {
            var read = typeof(BrokerOptions).GetProperty(key)!.GetValue(Read(($"Broker:{key}", value)));
            Assert.Equal(value, Convert.ToString(read, CultureInfo.InvariantCulture));
        }
        foreach (var value in new[] { below, above })
            Assert.StartsWith($"Broker:{key} is '{value}'; allowed: {allowed}", Error(($"Broker:{key}", value)));
    }

    [Theory]
    [InlineData("Server", 1, 255)]
    [InlineData("VHost", 1, 255)]
    [InlineData("User", 1, 255)]
    [InlineData("Password", 0, 65_535)]
    public void Text_AtItsLimits_IsAllowedUpToThem(string key, int min, int max)
    {
        foreach (var length in new[] { min, max }) Read(($"Broker:{key}", new string('x', length)));

        var tooLong = Error(($"Broker:{key}", new string('x', max + 1)));
        Assert.EndsWith($"{min} to {max} bytes", tooLong, StringComparison.Ordinal);
        Assert.Equal(key is not "Password", tooLong.Contains("xxx", StringComparison.Ordinal));
        if (min > 0) Assert.Equal($"Broker:{key} is ''; allowed: 1 to 255 bytes", Error(($"Broker:{key}", "")));
    }

    [Fact]
    public void Settings_SeveralInvalid_AreAllNamed() => Assert.Equal(
        "Broker:Port is '0'; allowed: 1 to 65535; Broker:User is ''; allowed: 1 to 255 bytes; " +
        "unknown setting Broker:Uri; allowed in Broker: Server, Port, VHost, User, Password, Ssl, ServerName, " +
        "CaFile, CertificateFile, KeyFile, Heartbeat, ConnectTimeout, ConfirmTimeout, MaxBackoff",
        Error(("Broker:Port", "0"), ("Broker:User", ""), ("Broker:Uri", "amqp://host")));

    [Theory]
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("amqp://host", true)]
    [InlineData("amqps://host", true)]
    [InlineData(" ", false)]
    [InlineData("http://u:s3cr3t@host", false)]
    public void ConnectionString_IsMissingOrAUri(string? uri, bool isValid)
    {
        (string, string?) setting = ("ConnectionStrings:rabbitmq", uri);

        if (isValid) Assert.Equal(uri, Read(setting).Uri);
        else Assert.Equal($"ConnectionStrings:rabbitmq is {BrokerUri.NotValid}", Error(setting));
    }

    [Fact]
    public async Task AddConnectionSource_InvalidSetting_FailsTheStart()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("Broker:Port", "0")]);
        builder.Services.AddConnectionSource();
        using var host = builder.Build();

        await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void AddConnectionSource_Twice_RegistersOnceAndKeepsTheTime()
    {
        var time = new FakeTimeProvider();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(time);

        Assert.Same(services, services.AddConnectionSource());
        var count = services.Count;
        Assert.Same(services, services.AddConnectionSource());

        Assert.Equal(count, services.Count);
        Assert.Same(time, services.BuildServiceProvider().GetRequiredService<TimeProvider>());
    }

    [Fact]
    public void AddConnectionSource_NoTime_UsesTheSystems()
    {
        using var services = new ServiceCollection().AddConnectionSource().BuildServiceProvider();

        Assert.Same(TimeProvider.System, services.GetRequiredService<TimeProvider>());
    }

    [Fact]
    public void FromUri_Valid_HasItsAddress() =>
        Assert.Equal("amqps://u@host:99/v", ConnectionRegistration.FromUri("amqps://u:p@host:99/v").Check());

    [Fact]
    public void FromUri_Invalid_IsNotRepeated()
    {
        var error = Assert.Throws<ArgumentException>(() => ConnectionRegistration.FromUri("http://u:s3cr3t@host"));

        Assert.Equal($"the URI is {BrokerUri.NotValid}", error.Message);
    }

    [Theory]
    [InlineData("Sample:one", "1", null)] // case does not matter
    [InlineData("Sample:Two:a", "1", null)]
    [InlineData("Sample:three", "1", "unknown setting Sample:three; allowed in Sample: One, Two")]
    [InlineData("Sample:Nested:One", "1", "unknown setting Sample:Nested; allowed in Sample: One, Two")]
    [InlineData("Other:three", "1", null)]
    public void UnknownKey_WithoutWorkerSections_IsRejected(string key, string value, string? error) =>
        Assert.Equal(error, Unknown(hasWorkerSections: false, (key, value)));

    [Theory]
    [InlineData("Sample:Nested:One", null)]
    [InlineData("Sample:Nested:three", "unknown setting Sample:Nested:three; allowed in Sample:Nested: One, Two")]
    [InlineData(
        "Sample:Nested:Deeper:One", "unknown setting Sample:Nested:Deeper; allowed in Sample:Nested: One, Two")]
    [InlineData("Sample:three", "unknown setting Sample:three; allowed in Sample: One, Two")]
    public void UnknownKey_WithWorkerSections_IsRejectedInThem(string key, string? error) =>
        Assert.Equal(error, Unknown(hasWorkerSections: true, (key, "1")));

    [Fact]
    public void UnknownKeys_Several_AreAllNamed() => Assert.Equal(
        "unknown setting Sample:a; allowed in Sample: One, Two; unknown setting Sample:b; allowed in Sample: One, Two",
        Unknown(hasWorkerSections: false, ("Sample:a", "1"), ("Sample:One", "1"), ("Sample:b", "1")));

    private static string? Unknown(bool hasWorkerSections, params (string Key, string? Value)[] settings)
    {
        var validator = new UnknownKeyValidator<SampleOptions>(Configuration(settings), hasWorkerSections);
        var result = validator.Validate(null, new SampleOptions());
        Assert.Equal(result.FailureMessage is null, result.Succeeded);
        return result.FailureMessage;
    }

    private static BrokerOptions Read(params (string Key, string? Value)[] settings)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(Configuration(settings))
            .AddConnectionSource()
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<BrokerOptions>>().Value;
    }

    private static string Error(params (string Key, string? Value)[] settings) =>
        Assert.Throws<OptionsValidationException>(() => Read(settings)).Message;

    private static IConfigurationRoot Configuration((string Key, string? Value)[] settings) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Key, one.Value)))
            .Build();

    private sealed class SampleOptions
    {
        public string? One { get; set; }

        public string? Two { get; set; }
    }
}
