using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ReWorker.Faults;

/// <summary>An authority, and certificates of all kinds for localhost.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly X509Certificate2 _authority = Authority("CN=authority");
    private readonly X509Certificate2 _other = Authority("CN=other authority");

    public Certificates()
    {
        var now = DateTimeOffset.UtcNow;
        Good = Issue(_authority, "localhost", now.AddDays(1));
        Expired = Issue(_authority, "localhost", now.AddMinutes(-1));
        OtherName = Issue(_authority, "elsewhere.example", now.AddDays(1));
        OtherAuthority = Issue(_other, "localhost", now.AddDays(1));
    }

    public X509Certificate2 Good { get; }

    public X509Certificate2 Expired { get; }

    public X509Certificate2 OtherName { get; }

    public X509Certificate2 OtherAuthority { get; }

    public string AuthorityPem => _authority.ExportCertificatePem();

    public void Dispose()
    {
        foreach (var one in new[] { _authority, _other, Good, Expired, OtherName, OtherAuthority }) one.Dispose();
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name, DateTimeOffset until)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var serial = RandomNumberGenerator.GetBytes(8);
        using var bare = request.Create(authority, DateTimeOffset.UtcNow.AddDays(-1), until, serial);
        using var whole = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
    }
}

/// <summary>Speaks TLS to the worker, and plain AMQP to the broker behind it.</summary>
internal sealed class TlsFront : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _broker;
    private readonly CancellationTokenSource _end = new();

    public TlsFront(IPEndPoint broker)
    {
        _broker = broker;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public X509Certificate2? Certificate { get; set; }

    /// <summary>Connections on which the worker said something after the handshake.</summary>
    public int Passed { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // closed
        }
    }

    private async Task ServeAsync(TcpClient worker)
    {
        try
        {
            using var _ = worker;
            await using var tls = new SslStream(worker.GetStream());
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = Certificate }, _end.Token);
            var first = new byte[4096];
            var read = await tls.ReadAsync(first, _end.Token);
            if (read == 0) return;
            Passed++;
            using var broker = new TcpClient();
            await broker.ConnectAsync(_broker, _end.Token);
            await broker.GetStream().WriteAsync(first.AsMemory(0, read), _end.Token);
            await Task.WhenAny(
                tls.CopyToAsync(broker.GetStream(), _end.Token), broker.GetStream().CopyToAsync(tls, _end.Token));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException
            or AuthenticationException or ObjectDisposedException)
        {
            // the worker rejected the certificate
        }
    }
}
