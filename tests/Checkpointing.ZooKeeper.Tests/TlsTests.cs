using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.ZooKeeper.Servers;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>A real server with a port for TLS that asks for a certificate of the client, too.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private const string Host = "127.0.0.1";
    private static readonly byte[] s_record = [1, 2, 3];

    private readonly TestCertificates _ours = new("Ours");
    private readonly TestCertificates _foreign = new("Foreign");
    private ZooKeeperServer _server = null!;
    private int _port;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await StartAsync(Host);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _ours.Dispose();
        _foreign.Dispose();
    }

    [Fact]
    public async Task Register_OverTlsWithDigestAndChroot_Works()
    {
        using var certificate = _ours.Issue("client");
        await using (var register = Register(_port, Tls(_ours, certificate), "/a/b", "ann:secret"))
        {
            (await register.TryReplaceAsync("orders", 0, s_record, Cancellation)).Should()
                .Be(RegisterReplacement.Replaced);
            var large = new byte[512 << 10];
            new Random(1).NextBytes(large);
            (await register.TryReplaceAsync("orders", 1, large, Cancellation)).Should()
                .Be(RegisterReplacement.Replaced);
            (await register.ReadAsync("orders", Cancellation))!.Record.Span.SequenceEqual(large).Should().BeTrue();
        }

        await using var plain = Register(_server.Port, null, "/a/b", "ann:secret");
        (await plain.ReadAsync("orders", Cancellation))!.Version.Should().Be(2, "it is the same tree");
    }

    [Fact]
    public async Task ServersCertificate_OfAnAuthorityThatIsNotTrusted_IsRefusedAndSaysSo()
    {
        using var certificate = _ours.Issue("client");
        await IsNotReachedAsync(_port, Tls(_foreign, certificate), "did not agree on TLS (ZooKeeperOptions.Tls)");
    }

    [Fact]
    public async Task ServersCertificate_ForAnotherHost_IsRefusedAndSaysSo()
    {
        using var certificate = _ours.Issue("client");
        var tls = Tls(_ours, certificate);
        tls.TargetHost = "another.invalid";
        await IsNotReachedAsync(_port, tls, "RemoteCertificateNameMismatch");
    }

    [Fact]
    public async Task ClientsCertificate_OfAnotherAuthority_IsRefusedAndSaysSo()
    {
        using var certificate = _foreign.Issue("client");
        var tls = Tls(_ours, certificate);

        // In TLS 1.3 the client is through before the server has looked at its certificate.
        tls.EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12;
        await IsNotReachedAsync(_port, tls, "did not agree on TLS (ZooKeeperOptions.Tls)");
    }

    [Fact]
    public async Task TlsToAPlainPort_SaysSo()
    {
        using var certificate = _ours.Issue("client");
        await IsNotReachedAsync(
            _server.Port, Tls(_ours, certificate), "did not agree on TLS (ZooKeeperOptions.Tls)");
    }

    [Fact]
    public async Task PlainToATlsPort_AsksForTls() => await IsNotReachedAsync(_port, null, "does it expect TLS");

    private async Task StartAsync(string host)
    {
        ZooKeeperInTests.RequireInstalled();
        var folder = Directory.CreateTempSubdirectory("zookeeper-").FullName;
        (var port, _port) = (ZooKeeperServer.FreePort(), ZooKeeperServer.FreePort());
        var (keyStore, trustStore) = _ours.WriteStores(folder, host);
        _server = new(
            folder, port, "org.apache.zookeeper.server.ZooKeeperServerMain",
            ZooKeeperServer.Config(folder, port) + $"secureClientPort={_port}\nsecureClientPortAddress={Host}\n",
            [
                "-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
                $"-Dzookeeper.ssl.keyStore.location={keyStore}",
                $"-Dzookeeper.ssl.keyStore.password={TestCertificates.Password}",
                "-Dzookeeper.ssl.keyStore.type=PKCS12",
                $"-Dzookeeper.ssl.trustStore.location={trustStore}",
                "-Dzookeeper.ssl.trustStore.type=PEM",
                "-Dzookeeper.ssl.hostnameVerification=false",
            ]);
        await _server.LaunchAsync();
    }

    private static SslClientAuthenticationOptions Tls(TestCertificates trusted, X509Certificate2 certificate)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(trusted.Authority);
        return new() { CertificateChainPolicy = policy, ClientCertificates = [certificate] };
    }

    private static ZooKeeperCheckpointRegister Register(
        int port, SslClientAuthenticationOptions? tls, string chroot = "", string? digest = null) => new(new()
        {
            ConnectionString = $"{Host}:{port}{chroot}",
            Tls = tls,
            Digest = digest,
            ConnectTimeout = TimeSpan.FromSeconds(30),
            RequestTimeout = TimeSpan.FromSeconds(60),
        });

    private static async Task IsNotReachedAsync(int port, SslClientAuthenticationOptions? tls, string problem)
    {
        await using var register = new ZooKeeperCheckpointRegister(new()
        {
            ConnectionString = $"{Host}:{port}",
            Tls = tls,
            RequestTimeout = TimeSpan.FromMilliseconds(250),
        });
        CheckpointStorageUnavailableException failure = null!;
        await Eventually.SaysAsync(
            async () =>
            {
                var read = async () => await register.ReadAsync("orders", Cancellation);
                failure = (await read.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
                return failure.Message;
            },
            problem);
        failure.IsTransient.Should().BeTrue();
        failure.ChangedNothing.Should().BeTrue();
        failure.Message.Should().EndWith("Check the servers and ZooKeeperOptions.ConnectionString.");
    }
}
