using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ReWorker.Wire.Connections;

/// <summary>TLS with the certificates from the settings. There is no way to turn the validation off.</summary>
internal static class TlsSettings
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <exception cref="FormatException">A file can't be read. The message names the key.</exception>
    public static SslClientAuthenticationOptions Create(BrokerOptions settings, string host)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = settings.ServerName ?? host };
        if (settings.CertificateFile is { Length: > 0 } file)
        {
            tls.ClientCertificateContext = Read("CertificateFile, Broker:KeyFile", () =>
            {
                // the file may have the intermediate authorities too, which the broker needs to verify the certificate
                X509Certificate2Collection chain = [];
                chain.ImportFromPemFile(file);
                var certificate = X509Certificate2.CreateFromPemFile(file, settings.KeyFile);
                return SslStreamCertificateContext.Create(certificate, chain, offline: true);
            });
        }
        X509Certificate2Collection? authorities = null;
        if (settings.CaFile is { Length: > 0 } ca)
        {
            authorities = [];
            Read("CaFile", () => { authorities.ImportFromPemFile(ca); return true; });
        }
        tls.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            IsTrusted(certificate as X509Certificate2, chain, errors, authorities, tls.TargetHost);
        return tls;
    }

    // Validates with the given authorities in place of the system's. Throws, since .NET's own error gives no reason.
    private static bool IsTrusted(
        X509Certificate2? certificate, X509Chain? sent, SslPolicyErrors errors, X509Certificate2Collection? authorities,
        string name)
    {
        if (certificate is null) throw new AuthenticationException("the broker sent no certificate");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            throw new AuthenticationException(
                $"the broker's certificate is for {certificate.Subject}, not for the name {name}");
        if (authorities is null && errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            throw NotTrusted(sent!, certificate);
        if (authorities is null) return true;

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        // The broker sends the intermediate authorities with its certificate.
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate) ? true : throw NotTrusted(chain, certificate);
    }

    private static AuthenticationException NotTrusted(X509Chain chain, X509Certificate2 certificate)
    {
        var reasons = chain.ChainStatus.Select(status => $"{status.Status} ({status.StatusInformation.Trim()})");
        return new($"the broker's certificate, {certificate.Subject}, is not trusted: {string.Join(", ", reasons)}");
    }

    private static T Read<T>(string key, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new FormatException($"Broker:{key}: {e.Message}", e);
        }
    }
}
