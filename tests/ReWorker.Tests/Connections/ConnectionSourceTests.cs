using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using ReWorker.Tests.Fakes;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Connections;

/// <summary>Settings take effect on connections and are reloaded; a failed attempt leaves no socket open.</summary>
public sealed class ConnectionSourceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OpenAsync_BeforeAndAfterTheHostStarted_ReloadsOnlyAfterwards()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Broker:Port", "1")]).Build();
        var options = new Settings(new BrokerOptions { Server = "127.0.0.1", Port = 1 });
        var lifetime = new Lifetime();
        var source = new ConnectionSource(options, TimeProvider.System, configuration, lifetime);
        var before = configuration.GetReloadToken();

        await Assert.ThrowsAnyAsync<Exception>(() => source.OpenAsync("x", Cancel));
        Assert.False(before.HasChanged);

        await lifetime.Started.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => source.OpenAsync("x", Cancel));
        Assert.True(before.HasChanged);
    }

    [Fact]
    public async Task OpenAsync_WithoutAHost_Reloads()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Broker:Port", "1")]).Build();
        var options = new Settings(new BrokerOptions { Server = "127.0.0.1", Port = 1 });
        var before = configuration.GetReloadToken();

        await Assert.ThrowsAnyAsync<Exception>(
            () => new ConnectionSource(options, TimeProvider.System, configuration).OpenAsync("x", Cancel));

        Assert.True(before.HasChanged);
    }

    [Fact]
    public void Factory_HasTheSettings()
    {
        var factory = Factory(new BrokerOptions
        {
            Server = "broker.example.com", Port = 5673, VHost = "team", User = "frob", Password = "secret",
            Heartbeat = TimeSpan.FromSeconds(7), ConnectTimeout = TimeSpan.FromSeconds(11),
        });

        Assert.Equal(("broker.example.com", 5673, "team"), (factory.HostName, factory.Port, factory.VirtualHost));
        Assert.Equal(("frob", "secret"), (factory.UserName, factory.Password));
        Assert.Equal(TimeSpan.FromSeconds(7), factory.RequestedHeartbeat);
        Assert.Equal(TimeSpan.FromSeconds(11), factory.RequestedConnectionTimeout);
        Assert.Equal(TimeSpan.FromSeconds(11), factory.ContinuationTimeout);
        Assert.Equal(TimeSpan.FromSeconds(11), factory.HandshakeContinuationTimeout);
        Assert.False(factory.Ssl.Enabled);
    }

    /// <summary>The supervisor recovers: a client that does so too would publish on channels nobody knows.</summary>
    [Fact]
    public void Factory_NeverRecoversByItself()
    {
        var factory = Factory(new BrokerOptions());

        Assert.False(factory.AutomaticRecoveryEnabled);
        Assert.False(factory.TopologyRecoveryEnabled);
    }

    /// <summary>Brokers before 4.0 accept messages of 128 MiB. A lower limit would close the connection.</summary>
    [Fact]
    public void Factory_AcceptsTheLargestMessageOfAnyBroker() =>
        Assert.Equal(128u * 1024 * 1024, Factory(new BrokerOptions()).MaxInboundMessageBodySize);

    [Theory]
    [InlineData(false, null, 5672)]
    [InlineData(true, null, 5671)]
    [InlineData(true, 5672, 5672)]
    public void Factory_Port_DependsOnTls(bool ssl, int? port, int expected)
    {
        var factory = Factory(new BrokerOptions { Ssl = ssl, Port = port });

        Assert.Equal(expected, factory.Port);
        Assert.Equal(ssl, factory.Ssl.Enabled);
    }

    [Fact]
    public void Factory_Uri_ReplacesTheSettings()
    {
        var factory = Factory(new BrokerOptions
        {
            Server = "other", User = "other", Uri = "amqps://frob:p%40ss@broker.example.com/team%2Fa",
        });

        Assert.Equal(("broker.example.com", 5671, "team/a"), (factory.HostName, factory.Port, factory.VirtualHost));
        Assert.Equal(("frob", "p@ss", true), (factory.UserName, factory.Password, factory.Ssl.Enabled));
        Assert.Equal("broker.example.com", factory.Ssl.ServerName);
    }

    [Theory]
    [InlineData(false, "amqp://frob@broker.example.com:5672/team%2Fa")]
    [InlineData(true, "amqps://frob@broker.example.com:5671/team%2Fa")]
    public void Check_GivesTheAddressWithoutThePassword(bool ssl, string expected)
    {
        var source = new ConnectionSource(new Settings(new BrokerOptions
        {
            Server = "broker.example.com", VHost = "team/a", User = "frob", Password = "secret", Ssl = ssl,
        }), TimeProvider.System);

        Assert.Equal("the broker", source.Address);
        Assert.Equal(expected, source.Check());
        Assert.Equal(expected, source.Address);
    }

    [Fact]
    public void Check_SettingsHaveChanged_GivesTheNewAddress()
    {
        var settings = new Settings(new BrokerOptions());
        var source = new ConnectionSource(settings, TimeProvider.System);
        Assert.Equal("amqp://guest@localhost:5672/%2F", source.Check());

        settings.CurrentValue = new BrokerOptions { User = "rotated" };

        Assert.Equal("amqp://rotated@localhost:5672/%2F", source.Check());
    }

    /// <summary>What listens is no broker, or a frozen one: the attempt ends in time, and so does its socket.</summary>
    [Fact]
    public async Task OpenAsync_NoAnswer_TimesOutAndClosesTheSocket()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var time = new FakeTimeProvider();
        var settings = new BrokerOptions
        {
            Server = "127.0.0.1", Port = port, ConnectTimeout = TimeSpan.FromSeconds(9),
        };
        var open = new ConnectionSource(new Settings(settings), time).OpenAsync("x", Cancel);
        using var accepted = await listener.AcceptTcpClientAsync(Cancel);
        var buffer = new byte[8];
        await accepted.GetStream().ReadExactlyAsync(buffer, Cancel);
        Assert.Equal("AMQP"u8, buffer.AsSpan(0, 4));
        Assert.False(open.IsCompleted);

        time.Advance(TimeSpan.FromSeconds(9));
        await Until.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            return open.IsCompleted;
        });

        var error = await Assert.ThrowsAsync<TimeoutException>(() => open);
        Assert.Equal("connecting took longer than 9 s", error.Message);
        Assert.True(await IsClosedAsync(accepted.GetStream()));
    }

    /// <summary>Both connections of an epoch open at once. .NET can't reload its configuration for both.</summary>
    [Fact]
    public async Task OpenAsync_Twice_ReloadsOneAfterTheOther()
    {
        using var provider = new SlowProvider();
        var configuration = new ConfigurationRoot([provider]);
        var settings = new Settings(new BrokerOptions { Server = "127.0.0.1", Port = 1 });
        var source = new ConnectionSource(settings, TimeProvider.System, configuration);
        provider.IsWatched = true;

        var opening = Enumerable.Range(0, 2)
            .Select(_ => Task.Run(() => Assert.ThrowsAnyAsync<Exception>(() => source.OpenAsync("x", Cancel)), Cancel));
        await Task.WhenAll(opening);

        Assert.Equal((2, false), (provider.Loads, provider.HasOverlapped));
    }

    // closed in order, or reset
    private static async Task<bool> IsClosedAsync(NetworkStream stream)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(5));
        try
        {
            // the client may have said goodbye first
            while (await stream.ReadAsync(new byte[64], patience.Token) > 0) continue;
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return e is IOException;
        }
    }

    private static ConnectionFactory Factory(BrokerOptions options) =>
        CreateFactory(new ConnectionSource(new Settings(options), TimeProvider.System));

    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern ConnectionFactory CreateFactory(ConnectionSource source);

    private sealed class Settings(BrokerOptions options) : IOptionsMonitor<BrokerOptions>
    {
        public BrokerOptions CurrentValue { get; set; } = options;

        public BrokerOptions Get(string? name) => CurrentValue;

        public IDisposable? OnChange(Action<BrokerOptions, string?> listener) => null;
    }

    private sealed class SlowProvider : ConfigurationProvider, IDisposable
    {
        private readonly ManualResetEventSlim _second = new();
        private int _loading;

        public bool IsWatched { get; set; }
        public int Loads { get; private set; }
        public bool HasOverlapped => _second.IsSet;

        public void Dispose() => _second.Dispose();

        public override void Load()
        {
            if (!IsWatched) return;
            Loads++;
            if (Interlocked.Increment(ref _loading) > 1) _second.Set();
            _second.Wait(TimeSpan.FromMilliseconds(200));
            Interlocked.Decrement(ref _loading);
        }
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
