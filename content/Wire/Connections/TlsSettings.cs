using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;

namespace ReWorker.Wire.Connections;

/// <summary>Whom to trust, and who we are. What is not right is refused with the reason; there is no way round it.</summary>
internal static class TlsSettings
{
    private const string ForServers = "1.3.6.1.5.5.7.3.1";

    /// <exception cref="FormatException">A file can't be read; the message names the key.</exception>
    public static SslOption Create(BrokerOptions given, string host)
    {
        var tls = new SslOption(given.ServerName ?? host, enabled: true);
        if (given.CertificateFile is { Length: > 0 } file)
            tls.Certs = [Read("Broker:CertificateFile, Broker:KeyFile", () => X509Certificate2.CreateFromPemFile(file, given.KeyFile))];

        X509Certificate2Collection? authorities = null;
        if (given.CaFile is { Length: > 0 } ca)
        {
            authorities = [];
            Read("Broker:CaFile", () => { authorities.ImportFromPemFile(ca); return true; });
        }
        tls.CertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate as X509Certificate2, chain, errors, authorities, tls.ServerName);
        return tls;
    }

    /// <summary>The given authorities take the system's place; a wrong name or a missing certificate stays an error.</summary>
    /// <exception cref="AuthenticationException">It is not trusted: .NET itself would only say that somebody said no.</exception>
    private static bool IsTrusted(X509Certificate2? certificate, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection? authorities, string name)
    {
        if (certificate is null) throw new AuthenticationException("the broker shows no certificate");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            throw new AuthenticationException($"the broker's certificate is not for the name {name} but for {certificate.Subject}");
        if (authorities is null) return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? throw Refusal(sent!, certificate) : true;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        // authorities in between come with the certificate
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ForServers));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate) ? true : throw Refusal(chain, certificate);
    }

    private static AuthenticationException Refusal(X509Chain chain, X509Certificate2 certificate) => new(
        $"the broker's certificate, {certificate.Subject}, is not trusted: {string.Join(", ", chain.ChainStatus.Select(one => $"{one.Status} ({one.StatusInformation.Trim()})"))}");

    private static T Read<T>(string key, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FormatException($"{key}: {e.Message}", e);
        }
    }
}
