using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>An authority, made for one test run, and certificates that it signs.</summary>
internal sealed class TestCertificates : IDisposable
{
    internal const string Password = "test";
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-1);
    private static readonly DateTimeOffset s_to = DateTimeOffset.UtcNow.AddDays(1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    internal TestCertificates(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        Authority = request.CreateSelfSigned(s_from, s_to);
    }

    internal X509Certificate2 Authority { get; }

    public void Dispose()
    {
        Authority.Dispose();
        _key.Dispose();
    }

    /// <summary>A certificate for the loopback, or for a host that is not there.</summary>
    internal X509Certificate2 Issue(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        using var certificate = request.Create(Authority, s_from, s_to, RandomNumberGenerator.GetBytes(8));
        using var withKey = certificate.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(
            withKey.Export(X509ContentType.Pkcs12, Password), Password, X509KeyStorageFlags.Exportable);
    }

    /// <summary>Files that a server in Java reads: PKCS#12, with key and chain, or the authority alone in
    /// PEM.</summary>
    internal (string KeyStore, string TrustStore) WriteStores(string folder, string host)
    {
        var (keyStore, trustStore) = (Path.Combine(folder, "key.p12"), Path.Combine(folder, "trust.pem"));
        using var certificate = Issue(host);

        // Without the authority's key: a server would take it for its own.
        using var authority = X509CertificateLoader.LoadCertificate(Authority.RawData);
        var chain = new X509Certificate2Collection { certificate, authority };
        File.WriteAllBytes(keyStore, chain.Export(X509ContentType.Pkcs12, Password)!);
        File.WriteAllText(trustStore, Authority.ExportCertificatePem());
        return (keyStore, trustStore);
    }
}
