using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ReWorker.Tests.Options;

/// <summary>An authority and its certificates, made for one test.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private readonly X509Certificate2 _root = Authority("the tests' own authority", null);

    /// <summary>PEM file with the authority.</summary>
    public string CaFile => Write("ca.pem", _root.ExportCertificatePem());

    /// <summary>An authority of the authority's.</summary>
    public X509Certificate2 Intermediate() => Authority("an authority in between", _root);

    public X509Certificate2 Server(
        string name = "localhost", bool expired = false, X509Certificate2? by = null,
        string usage = "1.3.6.1.5.5.7.3.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        var now = DateTimeOffset.UtcNow;
        var signer = by ?? _root;
        var end = now.AddDays(expired ? -1 : 1);
        using var bare = request.Create(signer, now.AddDays(-3), end, RandomNumberGenerator.GetBytes(8));
        return X509CertificateLoader.LoadPkcs12(bare.CopyWithPrivateKey(key).Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>A client's certificate and key, as PEM files.</summary>
    public (string Certificate, string Key) Client()
    {
        using var client = Server("a client", usage: "1.3.6.1.5.5.7.3.2");
        var key = client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        return (Write("client.pem", client.ExportCertificatePem()), Write("client.key", key));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static X509Certificate2 Authority(string name, X509Certificate2? by)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var now = DateTimeOffset.UtcNow;
        return by is null
            ? request.CreateSelfSigned(now.AddDays(-5), now.AddDays(5))
            : request.Create(by, now.AddDays(-4), now.AddDays(4), RandomNumberGenerator.GetBytes(8))
                .CopyWithPrivateKey(key);
    }
}
