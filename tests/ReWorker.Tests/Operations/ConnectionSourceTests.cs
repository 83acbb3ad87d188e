using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Operations;

/// <summary>When settings are reloaded.</summary>
public sealed class ConnectionSourceTests
{
    [Fact]
    public async Task OpenAsync_BeforeAndAfterTheHostStarted_ReloadsOnlyAfterwards()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Broker:Port", "1")]).Build();
        var configure = new ConfigureOptions<BrokerOptions>(
            broker => (broker.Server, broker.Port) = ("127.0.0.1", 1));
        var options = new OptionsMonitor<BrokerOptions>(
            new OptionsFactory<BrokerOptions>([configure], []), [], new OptionsCache<BrokerOptions>());
        var lifetime = new Lifetime();
        var source = new ConnectionSource(options, TimeProvider.System, configuration, lifetime);
        var before = configuration.GetReloadToken();

        await Assert.ThrowsAnyAsync<Exception>(() => source.OpenAsync("x", TestContext.Current.CancellationToken));
        Assert.False(before.HasChanged);

        await lifetime.Started.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => source.OpenAsync("x", TestContext.Current.CancellationToken));
        Assert.True(before.HasChanged);
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationTokenSource Started { get; } = new();

        public CancellationToken ApplicationStarted => Started.Token;
        public CancellationToken ApplicationStopping => default;
        public CancellationToken ApplicationStopped => default;

        public void StopApplication()
        {
        }
    }
}
