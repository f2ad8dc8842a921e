using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Servers;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>What a user gives that cannot work: the error's type, whether trying again helps, and that it says what to
/// do.</summary>
public sealed class BadInputTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    private static readonly byte[] s_record = [1, 2, 3];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WrongAddress_NobodyListens_SaysThatAndWhereTheAddressIsSet() => await IsNotReachedAsync(
        new() { ConnectionString = $"127.0.0.1:{ZooKeeperServer.FreePort()}" }, "cannot be reached");

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "not understood")]
    [InlineData("\0\0\0\u0004\0\0\0\0", "not understood")]
    [InlineData("\0\0\0\u0002\0\0", "not understood")]
    [InlineData("\0\0\u0001", "not understood")]
    [InlineData("", "hung up before it answered; does it expect TLS")]
    public async Task WrongAddress_SomethingElseListens_SaysThat(string answer, string problem)
    {
        await using var server = new AnsweringServer(Encoding.Latin1.GetBytes(answer), hangsUp: true);
        await IsNotReachedAsync(new() { ConnectionString = server.Address }, problem);
    }

    [Fact]
    public async Task WrongAddress_SomethingThatSaysNothing_SaysThat()
    {
        await using var server = new AnsweringServer(null, hangsUp: false);
        await IsNotReachedAsync(
            new() { ConnectionString = server.Address, ConnectTimeout = TimeSpan.FromMilliseconds(50) },
            "does not answer within 0.05 s");
    }

    [Fact]
    public async Task WrongAddress_OneOfTwo_IsPassedOver()
    {
        await using var register = new ZooKeeperCheckpointRegister(
            new() { ConnectionString = $"127.0.0.1:{ZooKeeperServer.FreePort()},{fixture.NewRoot()}" });
        (await register.TryReplaceAsync("orders", 0, s_record, Cancellation)).Should()
            .Be(RegisterReplacement.Replaced);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("ann:wrong")]
    [InlineData("bob:secret")]
    public async Task Digest_NotTheOneThatMadeTheNodes_IsRefusedAndSaysWhatToGive(string? digest)
    {
        var root = fixture.NewRoot();
        await using var owner = new ZooKeeperCheckpointRegister(
            new() { ConnectionString = root, Digest = "ann:secret" });
        await owner.TryReplaceAsync("orders", 0, s_record, Cancellation);
        await using var other = new ZooKeeperCheckpointRegister(new() { ConnectionString = root, Digest = digest });
        Func<Task>[] calls =
        [
            async () => await other.ReadAsync("orders", Cancellation),
            async () => await other.TryReplaceAsync("orders", 1, s_record, Cancellation),
            async () => await other.TryReplaceAsync("another", 0, s_record, Cancellation),
        ];
        foreach (var call in calls)
        {
            var failure = await UnavailableAsync(call);
            failure.IsTransient.Should().BeFalse();
            failure.ChangedNothing.Should().BeTrue();
            failure.Message.Should().Contain("access control list names another digest")
                .And.Contain("Give the one that made it (ZooKeeperOptions.Digest)");
        }

        // The path is what an operator types, and it names the job.
        (await UnavailableAsync(calls[0])).Path.Should()
            .Be($"zookeeper://{root}/checkpointing/orders/register");
        (await owner.ReadAsync("orders", Cancellation))!.Version.Should().Be(1);
    }

    [Fact]
    public async Task Digest_ThatTheServersDoNotKnow_IsRefusedForGood()
    {
        await using var server = await ZooKeeperInTests.StartServerAsync(
            "-Dzookeeper.DigestAuthenticationProvider.enabled=false");
        await using var register = new ZooKeeperCheckpointRegister(
            new() { ConnectionString = server.Address, Digest = "ann:secret" });
        for (var i = 0; i < 2; i++)
        {
            var failure = await UnavailableAsync(async () => await register.ReadAsync("orders", Cancellation));
            failure.IsTransient.Should().BeFalse();
            failure.Message.Should().Contain("the servers refuse the digest").And.Contain("ZooKeeperOptions.Digest");
        }
    }

    [Fact]
    public async Task Server_WithoutAQuorumThatOnlyReads_SaysToStartMore()
    {
        ZooKeeperInTests.RequireInstalled();
        var folder = Directory.CreateTempSubdirectory("zookeeper-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "myid"), "1", Cancellation);
        var port = ZooKeeperServer.FreePort();
        var config = ZooKeeperServer.Config(folder, port) + string.Concat(Enumerable.Range(1, 3).Select(
            static id => $"server.{id}=127.0.0.1:{ZooKeeperServer.FreePort()}:{ZooKeeperServer.FreePort()}\n"));
        await using var server = new ZooKeeperServer(
            folder, port, "org.apache.zookeeper.server.quorum.QuorumPeerMain", config,
            ["-Dreadonlymode.enabled=true"]);
        await server.LaunchAsync();
        (await server.ModeAsync()).Should().Be("read-only");
        await IsNotReachedAsync(
            new() { ConnectionString = server.Address }, "is read-only: it has lost its quorum; start more servers");
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("{\"job\":\"orders\"}\n")]
    [InlineData("host=worker-7\nport=8080\n")]
    public async Task Node_OfForeignContent_IsCorruptAndNamed(string content)
    {
        await using var register = await WithNodeAsync(fixture.NewRoot(), Encoding.UTF8.GetBytes(content));
        var take = async () =>
        {
            var store = ((ICheckpointRegister)register).OpenStore(
                new InMemoryCheckpointStorage(), "orders", IdSource.System, "test");
            await store.TakeEpochAsync(Cancellation);
        };
        var failure = (await take.Should().ThrowAsync<CheckpointCorruptException>()).Which;
        failure.IsTransient.Should().BeFalse();
        failure.Path.Should().Contain(register.Description).And.Contain("orders");
        (await register.ReadAsync("orders", Cancellation))!.Version.Should().Be(1, "it was not touched");
    }

    [Fact]
    public async Task Node_LargerThanARecord_IsCorruptAndNamed()
    {
        await using var server = await ZooKeeperInTests.StartServerAsync("-Djute.maxbuffer=8388608");
        foreach (var length in new[] { (512 << 10) + 1, 3 << 20 })
        {
            var root = $"{server.Address}/of-{length}";
            await using var register = await WithNodeAsync(root, new byte[length]);
            var read = async () => await register.ReadAsync("orders", Cancellation);
            var failure = (await read.Should().ThrowAsync<CheckpointCorruptException>()).Which;
            failure.Path.Should().Be($"zookeeper://{root}/checkpointing/orders/register");
            failure.Message.Should().Contain($"{512 << 10} bytes").And.Contain($"found {length} bytes");
            failure.IsTransient.Should().BeFalse();
        }
    }

    [Fact]
    public async Task Record_TooLarge_IsRefusedBeforeItIsSent()
    {
        await using var register = new ZooKeeperCheckpointRegister(new() { ConnectionString = fixture.NewRoot() });
        var replace = async () => await register.TryReplaceAsync(
            "orders", 0, new byte[(512 << 10) + 1], Cancellation);
        await replace.Should().ThrowAsync<ArgumentException>().WithMessage("*at most 524288 bytes*524289*");
        (await register.TryReplaceAsync("orders", 0, new byte[512 << 10], Cancellation)).Should()
            .Be(RegisterReplacement.Replaced);
        (await register.ReadAsync("orders", Cancellation))!.Record.Length.Should().Be(512 << 10);
    }

    [Theory]
    [InlineData("host:port", "host:port*is no server*give host:port")]
    [InlineData("a:1,,b:2", "is no server*commas")]
    [InlineData("::1", "[ ] around an IPv6 address")]
    [InlineData("a:1/b//c", "no path of a ZooKeeper node*empty")]
    [InlineData("http://a:1", "is no server")]
    public void ConnectionString_ThatIsNone_IsRefusedByName(string text, string problem) => Refuses(
        new() { ConnectionString = text }, $"ConnectionString: *{problem.Replace("[", "?").Replace("]", "?")}*");

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("..")]
    [InlineData("a\n")]
    public void Namespace_ThatIsNoPartOfAPath_IsRefusedByName(string text) => Refuses(
        new() { ConnectionString = "a", Namespace = text }, "Namespace *is no part of a path*");

    [Theory]
    [InlineData("")]
    [InlineData("ann")]
    [InlineData(":secret")]
    [InlineData("ann:")]
    public void Digest_OfAnotherForm_IsRefusedByName(string digest) => Refuses(
        new() { ConnectionString = "a", Digest = digest }, "Digest has the form user:password*");

    [Fact]
    public void Times_OutsideTheirRange_AreRefusedByName()
    {
        Refuses(new() { ConnectionString = "a", SessionTimeout = TimeSpan.Zero }, "SessionTimeout is *; it must be *");
        Refuses(
            new() { ConnectionString = "a", ConnectTimeout = TimeSpan.FromHours(1) },
            "ConnectTimeout is *; it must be *");
        Refuses(
            new() { ConnectionString = "a", RequestTimeout = Timeout.InfiniteTimeSpan },
            "RequestTimeout is *; it must be *");
    }

    [Theory]
    [InlineData("a%b")]
    [InlineData("naïve job №1")]
    [InlineData("\ud83d\ude00 \ud83d")]
    [InlineData("...")]
    public async Task Job_OfAnyName_HasARegisterOfItsOwn(string name)
    {
        await using var register = new ZooKeeperCheckpointRegister(new() { ConnectionString = fixture.NewRoot() });
        (await register.TryReplaceAsync(name, 0, s_record, Cancellation)).Should().Be(RegisterReplacement.Replaced);
        (await register.ReadAsync(name, Cancellation))!.Record.ToArray().Should().Equal(s_record);
        (await register.ReadAsync(name + "!", Cancellation)).Should().BeNull();
    }

    private static void Refuses(ZooKeeperOptions options, string message)
    {
        var connect = () => new ZooKeeperCheckpointRegister(options);
        connect.Should().Throw<ArgumentException>().WithMessage(message);
    }

    /// <summary>A register whose node for the job "orders" holds what somebody else put there.</summary>
    private static async Task<ZooKeeperCheckpointRegister> WithNodeAsync(string root, byte[] content)
    {
        await using var client = new ZooKeeperClient(ServerList.Parse(root), new());
        await client.EnsurePathAsync("/checkpointing/orders", Cancellation);
        await client.CreateAsync("/checkpointing/orders/register", content, cancellationToken: Cancellation);
        return new(new() { ConnectionString = root });
    }

    /// <summary>Both calls fail, in time, with a sentence that names the problem and the setting.</summary>
    private static async Task IsNotReachedAsync(ZooKeeperOptions options, string problem)
    {
        options.RequestTimeout = TimeSpan.FromMilliseconds(250);
        await using var register = new ZooKeeperCheckpointRegister(options);
        var failure = await UnavailableAsync(
            async () => await register.TryReplaceAsync("orders", 0, s_record, Cancellation));
        failure.ChangedNothing.Should().BeTrue("nothing was sent");

        // A busy machine may not have tried to connect within the first call's time.
        await Eventually.SaysAsync(
            async () =>
            {
                failure = await UnavailableAsync(async () => await register.ReadAsync("orders", Cancellation));
                return failure.Message;
            },
            problem);
        failure.IsTransient.Should().BeTrue("the server may come back");
        failure.ChangedNothing.Should().BeTrue();
        failure.Path.Should().StartWith($"zookeeper://{options.ConnectionString}").And.EndWith("/orders/register");
        failure.Message.Should().Contain("was not reached: no answer within 0.25 s")
            .And.EndWith("Check the servers and ZooKeeperOptions.ConnectionString.");
    }

    private static async Task<CheckpointStorageUnavailableException> UnavailableAsync(Func<Task> call) =>
        (await call.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
}
