using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;
using ReWorker.Wire.Connections;
using Xunit;

namespace ReWorker.Tests.Options;

/// <summary>Which certificates are trusted, and which files are read, without a connection.</summary>
public sealed class TlsSettingsTests : IDisposable
{
    private const SslPolicyErrors Untrusted = SslPolicyErrors.RemoteCertificateChainErrors;
    private const SslPolicyErrors WrongName = SslPolicyErrors.RemoteCertificateNameMismatch;

    private readonly Certificates _made = new();
    private readonly Certificates _others = new();

    public void Dispose()
    {
        _made.Dispose();
        _others.Dispose();
    }

    [Fact]
    public void Create_NothingSet_ChecksTheHostsName()
    {
        var tls = TlsSettings.Create(new BrokerOptions(), "host");

        Assert.Equal((true, "host", null), (tls.Enabled, tls.ServerName, tls.Certs));
        Assert.Equal(
            (SslPolicyErrors.None, SslProtocols.None), (tls.AcceptablePolicyErrors, tls.Version));
    }

    [Fact]
    public void Create_ServerNameSet_ChecksThatName() =>
        Assert.Equal("name", TlsSettings.Create(new BrokerOptions { ServerName = "name" }, "host").ServerName);

    [Fact]
    public void Create_EmptyFileNames_AreNotSet()
    {
        var tls = TlsSettings.Create(new BrokerOptions { CaFile = "", CertificateFile = "" }, "host");

        Assert.Null(tls.Certs);
        using var server = _made.Server();
        Assert.True(Validate(tls, server, SslPolicyErrors.None));
    }

    [Fact]
    public void Create_CertificateAndKeyInTwoFiles_HasBoth()
    {
        var (certificate, key) = _made.Client();

        var tls = TlsSettings.Create(new BrokerOptions { CertificateFile = certificate, KeyFile = key }, "host");

        var client = Assert.IsType<X509Certificate2>(Assert.Single(tls.Certs!));
        Assert.Equal(("CN=a client", true), (client.Subject, client.HasPrivateKey));
    }

    [Fact]
    public void Create_CertificateAndKeyInOneFile_HasBoth()
    {
        var (certificate, key) = _made.Client();
        File.AppendAllText(certificate, "\n" + File.ReadAllText(key));

        var tls = TlsSettings.Create(new BrokerOptions { CertificateFile = certificate }, "host");

        Assert.True(Assert.IsType<X509Certificate2>(Assert.Single(tls.Certs!)).HasPrivateKey);
    }

    [Fact]
    public void Create_FileCannotBeRead_NamesTheKey()
    {
        var (certificate, _) = _made.Client();
        (BrokerOptions, string)[] all =
        [
            (new() { CaFile = "/no/such/ca.pem" }, "Broker:CaFile: Could not find"),
            (new() { CaFile = Path.GetTempPath() }, "Broker:CaFile: Access to the path"),
            (new() { CertificateFile = "/no/such/c.pem" },
                "Broker:CertificateFile, Broker:KeyFile: Could not find"),
            (new() { CertificateFile = _made.CaFile }, "Broker:CertificateFile, Broker:KeyFile: "),
            (new() { CertificateFile = certificate, KeyFile = "/no/such/key" },
                "Broker:CertificateFile, Broker:KeyFile: Could not find"),
            (new() { CertificateFile = certificate, KeyFile = certificate },
                "Broker:CertificateFile, Broker:KeyFile: "),
        ];
        foreach (var (options, expected) in all)
        {
            var error = Assert.Throws<FormatException>(() => TlsSettings.Create(options, "host"));
            Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
            Assert.NotNull(error.InnerException);
        }
    }

    [Fact]
    public void Validate_WithoutAuthorities_FollowsTheSystem()
    {
        var tls = TlsSettings.Create(new BrokerOptions(), "host");
        using var server = _made.Server();
        using var chain = new X509Chain();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.Build(server);

        Assert.True(Validate(tls, server, SslPolicyErrors.None, chain));
        var error = Assert.Throws<AuthenticationException>(() => Validate(tls, server, Untrusted, chain));

        Assert.StartsWith(
            "the broker's certificate, CN=localhost, is not trusted: PartialChain (", error.Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Validate_NoCertificate_IsRejected(bool hasAuthorities)
    {
        var tls = Create(hasAuthorities ? _made.CaFile : null);

        var error = Assert.Throws<AuthenticationException>(
            () => Validate(tls, null, SslPolicyErrors.RemoteCertificateNotAvailable));

        Assert.Equal("the broker sent no certificate", error.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Validate_AnotherName_IsRejected(bool hasAuthorities)
    {
        using var server = _made.Server("other");
        var tls = Create(hasAuthorities ? _made.CaFile : null);

        var error = Assert.Throws<AuthenticationException>(() => Validate(tls, server, WrongName | Untrusted));

        Assert.Equal("the broker's certificate is for CN=other, not for the name host", error.Message);
    }

    [Fact]
    public void Validate_ByTheGivenAuthority_IsTrustedWhateverTheSystemSays()
    {
        using var server = _made.Server();
        var tls = Create(_made.CaFile);

        Assert.True(Validate(tls, server, Untrusted));
        Assert.True(Validate(tls, server, SslPolicyErrors.None));
    }

    [Fact]
    public void Validate_ByAnAuthorityInBetween_IsTrustedIfTheBrokerSendsIt()
    {
        using var between = _made.Intermediate();
        using var server = _made.Server(by: between);
        using var sent = new X509Chain();
        sent.ChainPolicy.ExtraStore.Add(between);
        var tls = Create(_made.CaFile);

        Assert.True(Validate(tls, server, Untrusted, sent));
        AssertNotTrusted(tls, server, "PartialChain");
    }

    [Fact]
    public void Validate_NotByTheGivenAuthority_IsRejectedWhateverTheSystemSays()
    {
        using var server = _made.Server();

        AssertNotTrusted(Create(_others.CaFile), server, "NotSignatureValid");
    }

    [Fact]
    public void Validate_ExpiredOrForAnotherUse_IsRejected()
    {
        using var expired = _made.Server(expired: true);
        using var forClients = _made.Server(usage: "1.3.6.1.5.5.7.3.2");
        var tls = Create(_made.CaFile);

        AssertNotTrusted(tls, expired, "NotTimeValid");
        AssertNotTrusted(tls, forClients, "NotValidForUsage");
    }

    private static SslOption Create(string? caFile) =>
        TlsSettings.Create(new BrokerOptions { CaFile = caFile }, "host");

    private static bool Validate(
        SslOption tls, X509Certificate2? certificate, SslPolicyErrors errors, X509Chain? chain = null) =>
        tls.CertificateValidationCallback!(new object(), certificate, chain, errors);

    private static void AssertNotTrusted(SslOption tls, X509Certificate2 certificate, string reason)
    {
        var error = Assert.Throws<AuthenticationException>(() => Validate(tls, certificate, SslPolicyErrors.None));

        Assert.StartsWith("the broker's certificate, CN=localhost, is not trusted: ", error.Message);
        Assert.Contains($"{reason} (", error.Message, StringComparison.Ordinal);
    }
}
