using ReWorker.Hosting;
using ReWorker.Tests.Contract;
using ReWorker.Tools.Hosting;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>TLS accepts a valid certificate, rejects all others with the reason, and sends no plain text.</summary>
public sealed class TlsTests(PikaBus bus) : ContractTest(bus)
{
    private const byte Handshake = 22;

    [Fact]
    public async Task Connect_ByAGivenAuthority_Works()
    {
        using var made = new Certificates();
        using var server = made.Server();
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertWorksAsync(port, ("Broker:CaFile", made.CaFile));
    }

    [Fact]
    public async Task Connect_ByAnAuthorityInBetween_Works()
    {
        using var made = new Certificates();
        using var between = made.Intermediate();
        using var server = made.Server(by: between);
        await using var port = new TlsPort(Bus.Amqp, server, between);

        await AssertWorksAsync(port, ("Broker:CaFile", made.CaFile));
    }

    [Fact]
    public async Task Connect_ToAnotherNameThatIsConfigured_Works()
    {
        using var made = new Certificates();
        using var server = made.Server("broker.example.com");
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertWorksAsync(port, ("Broker:CaFile", made.CaFile), ("Broker:ServerName", "broker.example.com"));
    }

    [Fact]
    public async Task Connect_WithAClientCertificate_Works()
    {
        using var made = new Certificates();
        using var server = made.Server();
        var (certificate, key) = made.Client();
        await using var port = new TlsPort(Bus.Amqp, server, wantsClient: true);

        await AssertWorksAsync(
            port, ("Broker:CaFile", made.CaFile), ("Broker:CertificateFile", certificate), ("Broker:KeyFile", key));
    }

    [Fact]
    public async Task Connect_WrongName_IsRefusedAndSaysWhy()
    {
        using var made = new Certificates();
        using var server = made.Server("another.example.com");
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertRefusedAsync(
            port, "is for CN=another.example.com, not for the name localhost", ("Broker:CaFile", made.CaFile));
    }

    [Fact]
    public async Task Connect_UnknownAuthority_IsRefusedAndSaysWhy()
    {
        using var made = new Certificates();
        using var server = made.Server();
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertRefusedAsync(port, "CN=localhost, is not trusted: ");
    }

    [Fact]
    public async Task Connect_AnotherAuthorityThanTheGivenOne_IsRefusedAndSaysWhy()
    {
        using var made = new Certificates();
        using var other = new Certificates();
        using var server = made.Server();
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertRefusedAsync(port, "CN=localhost, is not trusted: ", ("Broker:CaFile", other.CaFile));
    }

    [Fact]
    public async Task Connect_Expired_IsRefusedAndSaysWhy()
    {
        using var made = new Certificates();
        using var server = made.Server(expired: true);
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertRefusedAsync(port, "NotTimeValid", ("Broker:CaFile", made.CaFile));
    }

    [Fact]
    public async Task Connect_ACertificateForClients_IsRefusedAndSaysWhy()
    {
        using var made = new Certificates();
        using var server = made.Server(usage: "1.3.6.1.5.5.7.3.2");
        await using var port = new TlsPort(Bus.Amqp, server);

        await AssertRefusedAsync(port, "NotValidForUsage", ("Broker:CaFile", made.CaFile));
    }

    /// <summary>The counterpart: without the certificate that the worker above sends, this port refuses it.</summary>
    [Fact]
    public async Task Connect_WithoutTheClientCertificate_IsRefused()
    {
        using var made = new Certificates();
        using var server = made.Server();
        await using var port = new TlsPort(Bus.Amqp, server, wantsClient: true);

        await AssertRefusedAsync(port, "Could not connect", ("Broker:CaFile", made.CaFile));
    }

    [Fact]
    public async Task Connect_PlaintextPort_IsRefusedAndSaysWhy()
    {
        await using var wire = new TestWire(Bus.Amqp);

        var said = await RefusalAsync(("ConnectionStrings:rabbitmq", $"amqps://localhost:{wire.Amqp.Port}/"));

        Assert.Contains("TLS", said, StringComparison.Ordinal);
    }

    private async Task AssertWorksAsync(TlsPort port, params (string, string)[] settings)
    {
        await using var worker = await StartAsync(
            _ => null, [("ConnectionStrings:rabbitmq", $"amqps://localhost:{port.Port}/"), .. settings]);
        await using var session = await Bus.OpenAsync();

        var all = await session.RunAsync(worker.Name, "{}", Cancel);

        Assert.Equal("completed", all[^1].Status);
        Assert.All(port.FirstBytes, one => Assert.Equal(Handshake, one));
    }

    private static async Task AssertRefusedAsync(TlsPort port, string why, params (string, string?)[] settings)
    {
        var said = await RefusalAsync([("ConnectionStrings:rabbitmq", $"amqps://localhost:{port.Port}/"), .. settings]);

        Assert.Contains(why, said, StringComparison.OrdinalIgnoreCase);
        Assert.All(port.FirstBytes, one => Assert.Equal(Handshake, one));
    }

    /// <summary>What the log says after two tries.</summary>
    private static async Task<string> RefusalAsync(params (string Key, string? Value)[] settings)
    {
        var builder = RunningWorker.Builder(new Uri("amqp://unused"), "q", settings, out var logs);
        builder.Services.Add(new(typeof(Frob), new Frob((_, _, _) => Nothing)));
        builder.AddWorker<FrobWorker>();
        using var host = builder.Build();
        await host.StartAsync(Cancel);
        await UntilAsync(() => logs.WithId(42).Count >= 2);
        await host.StopAsync(Cancel);
        Assert.Empty(logs.WithId(40));
        return logs.WithId(42)[^1].Message;
    }
}
