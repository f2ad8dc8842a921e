using System.Globalization;
using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests.Protocol;

/// <summary>The same random requests by this client and by Apache's own, each to a tree of its own on one server: every
/// answer must be the same.</summary>
/// <remarks><c>CHECKPOINTING_ZOOKEEPER_ORACLE_SEEDS</c>: how many sequences (default: 4).</remarks>
public sealed class NativeOracleTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    private const int Steps = 100;
    private static readonly string[] s_paths = ["/a", "/b", "/a/c", "/a/d", "/a/c/e", "/b/ä €", "/"];

    public static TheoryData<int> Seeds =>
        [.. Enumerable.Range(1, int.Parse(
            Environment.GetEnvironmentVariable("CHECKPOINTING_ZOOKEEPER_ORACLE_SEEDS") ?? "4",
            CultureInfo.InvariantCulture))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomRequests_ByBothClients_AreAnsweredAlike(int seed)
    {
        var (managedRoot, nativeRoot) = (fixture.NewRoot(), fixture.NewRoot());
        await using var managed = await ConnectAsync(managedRoot);
        await using var nativeTree = await ConnectAsync(nativeRoot);
        using var native = await NativeZooKeeper.ConnectAsync(nativeRoot);
        using var managedTree = await NativeZooKeeper.ConnectAsync(managedRoot);
        var random = new Random(seed);
        var kinds = new HashSet<string>();
        for (var step = 0; step < Steps; step++)
        {
            var request = Request.Next(random);
            var expected = ByNative(native, request);
            (await ByManagedAsync(managed, request)).Should().Be(
                expected, "of seed {0}, step {1}: {2}", seed, step, request);
            kinds.Add($"{request.Kind} {expected.Split(' ')[0]}");
        }

        kinds.Count.Should().BeGreaterThan(12, "of every kind some come off and some do not: {0}",
            string.Join(", ", kinds));

        // What one wrote the other reads.
        foreach (var path in s_paths)
        {
            foreach (var kind in new[] { Kind.Get, Kind.Children, Kind.Exists })
            {
                var request = new Request(kind, path);
                var written = ByNative(native, request);
                (await ByManagedAsync(nativeTree, request)).Should().Be(written, "{0} was written by C", request);
                (await ByManagedAsync(managed, request)).Should().Be(written);
                ByNative(managedTree, request).Should().Be(written, "{0} was written by this client", request);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256 << 10)]
    [InlineData(1000 << 10)]
    public async Task Data_OfAnyLength_IsTheSameToBoth(int length)
    {
        var root = fixture.NewRoot();
        await using var managed = await ConnectAsync(root);
        using var native = await NativeZooKeeper.ConnectAsync(root);
        var data = new byte[length];
        new Random(length).NextBytes(data);
        await managed.CreateAsync("/a", data, cancellationToken: Cancellation);
        native.Get("/a").Data.AsSpan().SequenceEqual(data).Should().BeTrue();
        native.Create("/b", data, NativeZooKeeper.Mode.Persistent).Error.Should().Be(0);
        var (read, stat) = await managed.GetDataAsync("/b", cancellationToken: Cancellation);
        read.AsSpan().SequenceEqual(data).Should().BeTrue();
        var facts = native.Get("/b").Stat;
        (stat.CreatedZxid, stat.ModifiedZxid, stat.Version, stat.ChildrenVersion, stat.DataLength).Should().Be(
            (facts.CreatedZxid, facts.ModifiedZxid, facts.Version, facts.ChildrenVersion, facts.DataLength));
    }

    [Fact]
    public async Task Changes_ByTheOtherClient_FireWatches()
    {
        var root = fixture.NewRoot();
        await using var managed = await ConnectAsync(root);
        using var native = await NativeZooKeeper.ConnectAsync(root);
        using var exists = new ZooKeeperWatch();
        using var data = new ZooKeeperWatch();
        using var children = new ZooKeeperWatch();
        await managed.ExistsAsync("/a", exists, Cancellation);
        await managed.GetChildrenAsync("/", children, Cancellation);
        native.Create("/a", [], NativeZooKeeper.Mode.Ephemeral).Error.Should().Be(0);
        (await exists.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.NodeCreated);
        (await children.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.ChildrenChanged);
        await managed.GetDataAsync("/a", data, Cancellation);
        native.Dispose();
        (await data.Fired.WaitAsync(Cancellation)).Should().Be(WatchEventType.NodeDeleted, "its session ended");
    }

    private static async Task<ZooKeeperClient> ConnectAsync(string root)
    {
        var client = new ZooKeeperClient(ServerList.Parse(root), new() { RequestTimeout = TimeSpan.FromMinutes(1) });
        await client.EnsurePathAsync("/", Cancellation);
        return client;
    }

    private static string ByNative(NativeZooKeeper client, Request r)
    {
        var mode = (NativeZooKeeper.Mode)((r.IsEphemeral ? 1 : 0) + (r.IsSequential ? 2 : 0));
        switch (r.Kind)
        {
            case Kind.Create:
                var (error, path) = client.Create(r.Path, r.Data, mode);
                return $"{error} {path}".TrimEnd();
            case Kind.Create2:
                var created = client.Create2(r.Path, r.Data, mode);
                return Text(created.Error, () => Facts(created.Stat));
            case Kind.Delete:
                return Text(client.Delete(r.Path, r.Version), static () => "");
            case Kind.Set:
                var set = client.Set(r.Path, r.Data, r.Version);
                return Text(set.Error, () => Facts(set.Stat));
            case Kind.Exists:
                var (absent, stat) = client.Exists(r.Path);
                return Text(absent, () => Facts(stat));
            case Kind.Get:
                var got = client.Get(r.Path);
                return Text(got.Error, () => $"{Convert.ToHexString(got.Data)} {Facts(got.Stat)}");
            case Kind.Children:
                var list = client.GetChildren(r.Path);
                return Text(list.Error, () => $"{Names(list.Children)} {Facts(list.Stat)}");
            default:
                return Text(client.Multi([.. r.Parts.Select(Part)]), static () => "");
        }

        static Action<NativeZooKeeper.Batch, nint> Part(Request part) => (batch, place) =>
        {
            switch (part.Kind)
            {
                case Kind.Create:
                    batch.Create(
                        place, part.Path, part.Data,
                        part.IsEphemeral ? NativeZooKeeper.Mode.Ephemeral : NativeZooKeeper.Mode.Persistent);
                    break;
                case Kind.Delete:
                    batch.Delete(place, part.Path, part.Version);
                    break;
                case Kind.Set:
                    batch.Set(place, part.Path, part.Data, part.Version);
                    break;
                default:
                    batch.Check(place, part.Path, part.Version);
                    break;
            }
        };
    }

    private static async Task<string> ByManagedAsync(ZooKeeperClient client, Request r)
    {
        try
        {
            switch (r.Kind)
            {
                case Kind.Create:
                    return "0 " + await client.CreateAsync(r.Path, r.Data, r.IsEphemeral, r.IsSequential, Cancellation);
                case Kind.Create2:
                    return "0 " + Facts(await client.Create2Async(r.Path, r.Data, r.IsEphemeral, Cancellation));
                case Kind.Delete:
                    await client.DeleteAsync(r.Path, r.Version, Cancellation);
                    return "0";
                case Kind.Set:
                    return "0 " + Facts(await client.SetDataAsync(r.Path, r.Data, r.Version, Cancellation));
                case Kind.Exists:
                    var stat = await client.ExistsAsync(r.Path, cancellationToken: Cancellation);
                    return stat is null ? "-101" : "0 " + Facts(stat);
                case Kind.Get:
                    var got = await client.GetDataAsync(r.Path, cancellationToken: Cancellation);
                    return $"0 {Convert.ToHexString(got.Data)} {Facts(got.Stat)}";
                case Kind.Children:
                    var list = await client.GetChildrenAsync(r.Path, cancellationToken: Cancellation);
                    return $"0 {Names(list.Children)} {Facts(list.Stat)}";
                default:
                    await client.MultiAsync([.. r.Parts.Select(Part)], Cancellation);
                    return "0";
            }
        }
        catch (ZooKeeperException e)
        {
            e.MayHaveHappened.Should().BeFalse();
            return ((int)e.Code).ToString(CultureInfo.InvariantCulture);
        }

        static MultiOperation Part(Request part) => part.Kind switch
        {
            Kind.Create => MultiOperation.Create(part.Path, part.Data, part.IsEphemeral),
            Kind.Delete => MultiOperation.Delete(part.Path, part.Version),
            Kind.Set => MultiOperation.Set(part.Path, part.Data, part.Version),
            _ => MultiOperation.Check(part.Path, part.Version),
        };
    }

    private static string Text(int error, Func<string> value) =>
        error == 0 ? $"0 {value()}".TrimEnd() : error.ToString(CultureInfo.InvariantCulture);

    private static string Names(string[] names) => $"[{string.Join(',', names.Order(StringComparer.Ordinal))}]";

    private static string Facts(NodeStat stat) =>
        $"v{stat.Version} c{stat.ChildrenVersion} {stat.DataLength} bytes {stat.ChildCount} children "
        + $"ephemeral {stat.EphemeralOwner != 0} fresh {stat.CreatedZxid == stat.ModifiedZxid}";

    private static string Facts(NativeZooKeeper.Stat stat) =>
        $"v{stat.Version} c{stat.ChildrenVersion} {stat.DataLength} bytes {stat.ChildCount} children "
        + $"ephemeral {stat.EphemeralOwner != 0} fresh {stat.CreatedZxid == stat.ModifiedZxid}";

    private enum Kind
    {
        Create,
        Create2,
        Delete,
        Set,
        Exists,
        Get,
        Children,
        Multi,
        Check,
    }

    private sealed record Request(Kind Kind, string Path)
    {
        internal byte[] Data { get; private init; } = [];

        internal int Version { get; private init; }

        internal bool IsEphemeral { get; private init; }

        internal bool IsSequential { get; private init; }

        internal Request[] Parts { get; private init; } = [];

        public override string ToString() => Kind == Kind.Multi
            ? $"multi of {string.Join("; ", (object[])Parts)}"
            : $"{Kind} {Path} data {Convert.ToHexString(Data)} version {Version} "
                + $"ephemeral {IsEphemeral} sequential {IsSequential}";

        internal static Request Next(Random random) => random.Next(12) switch
        {
            < 3 => Of(random, Kind.Create),
            3 => Of(random, Kind.Create2),
            4 => Of(random, Kind.Delete),
            < 7 => Of(random, Kind.Set),
            7 => Of(random, Kind.Exists),
            8 => Of(random, Kind.Get),
            9 => Of(random, Kind.Children),
            _ => new(Kind.Multi, "/")
            {
                Parts =
                [
                    .. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Of(
                        random, random.Next(4) switch
                        {
                            0 => Kind.Create,
                            1 => Kind.Delete,
                            2 => Kind.Set,
                            _ => Kind.Check,
                        })),
                ],
            },
        };

        private static Request Of(Random random, Kind kind)
        {
            // The root of a tree is neither created nor deleted here: both clients do it outside of the tree.
            var isChange = kind is Kind.Create or Kind.Create2 or Kind.Delete;
            var isSequential = kind == Kind.Create && random.Next(5) == 0;
            var data = new byte[random.Next(6)];
            random.NextBytes(data);
            return new(kind, s_paths[random.Next(isChange ? s_paths.Length - 1 : s_paths.Length)])
            {
                Data = data,
                Version = random.Next(5) - 1,
                IsEphemeral = kind is Kind.Create or Kind.Create2 && random.Next(5) == 0,
                IsSequential = isSequential,
            };
        }
    }
}
