using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Time.Testing;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

/// <summary>What a compaction drops of states with a time to live, counted in the stored rows.</summary>
public sealed class ExpiryInCompactionTests : IDisposable
{
    private static readonly TimeSpan s_ttl = TimeSpan.FromSeconds(10);

    private readonly RocksDbTestBed _bed = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Compact_Values_DropsThoseThatHaveExpiredToTheMillisecond()
    {
        await using var backend = await OpenAsync(StateKind.Value);
        backend.StartExpiring();
        PutStamped(backend, "early");
        _time.Advance(TimeSpan.FromMilliseconds(1));
        PutStamped(backend, "late");
        PutStamped(backend, "again");
        _time.Advance(s_ttl - TimeSpan.FromMilliseconds(2));
        PutStamped(backend, "again");

        Compact(backend);
        Rows(backend).Should().HaveCount(3, "nothing has expired yet");

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Compact(backend);
        Get(backend, "early").Should().BeNull();
        Rows(backend).Should().HaveCount(2);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Compact(backend);
        Rows(backend).Keys.Should().Equal(Convert.ToHexString(Key("again")));
    }

    [Fact]
    public async Task Compact_BeforeStart_DropsNothingWhateverValuesLookLike()
    {
        await using var backend = await OpenAsync(StateKind.Value);
        var bytes = new byte[sizeof(long)];
        foreach (var value in new[] { long.MinValue, -1, 0, 1 })
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
            backend.GetTable("counts").Put(Key($"k{value}"), bytes);
        }

        backend.GetTable("counts").Put(Key("short"), [1]);
        Compact(backend);
        Rows(backend).Should().HaveCount(5, "these values are not stamped yet");

        // And afterwards only what is too short for a stamp is kept, for the reader to report.
        backend.StartExpiring();
        Compact(backend);
        Rows(backend).Keys.Should().Equal(Convert.ToHexString(Key("short")));
    }

    [Fact]
    public async Task Compact_OlderVersionsOfARow_DoNotComeBack()
    {
        await using var backend = await OpenAsync(StateKind.Value);
        backend.StartExpiring();
        PutStamped(backend, "set back");
        ((RocksDbKeyedStateBackend)backend).Database.Flush(Families(backend));
        Compact(backend);

        // The clock of whoever wrote this was behind.
        backend.GetTable("counts").Put(Key("set back"), Stamp(_time.GetUtcNow() - 2 * s_ttl));
        Compact(backend);

        Get(backend, "set back").Should().BeNull();
    }

    [Fact]
    public async Task Compact_Lists_DropsTheOldElementsAndThenTheRow()
    {
        await using var backend = await OpenAsync(StateKind.List);
        backend.StartExpiring();
        AppendStamped(backend, "list", 200);
        _time.Advance(s_ttl / 2);
        AppendStamped(backend, "list", 3);
        AppendStamped(backend, "other", 0);

        // The first compaction makes a value of the operands, the second one is shown it.
        CompactTwice(backend);
        StoredLength(backend, "list").Should().Be(2 + 8 + 200 + 1 + 8 + 3);

        _time.Advance(s_ttl / 2);
        CompactTwice(backend);
        StoredLength(backend, "list").Should().Be(1 + 8 + 3);
        AppendStamped(backend, "list", 5);

        _time.Advance(s_ttl / 2);
        CompactTwice(backend);
        StoredLength(backend, "list").Should().Be(1 + 8 + 5);
        Rows(backend).Should().HaveCount(1);

        _time.Advance(s_ttl / 2);
        CompactTwice(backend);
        Rows(backend).Should().BeEmpty();
    }

    [Fact]
    public async Task Compact_ListThatIsNone_IsKept()
    {
        await using var backend = await OpenAsync(StateKind.List);
        backend.StartExpiring();
        byte[][] damaged = [[], [200], [3, 1, 2, 3], [9, 0, 0, 0, 0, 0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]];
        for (var i = 0; i < damaged.Length; i++)
        {
            backend.GetTable("counts").Put(Key($"k{i}"), damaged[i]);
        }

        CompactTwice(backend);

        Rows(backend).Should().HaveCount(damaged.Length);
    }

    [Theory]
    [InlineData(RocksDbSnapshotMode.Incremental)]
    [InlineData(RocksDbSnapshotMode.Full)]
    public async Task Compact_BetweenTheCutAndItsFiles_LeavesWhatIsLive(RocksDbSnapshotMode mode)
    {
        _bed.Options.Snapshots = mode;
        var factory = new RocksDbBackendFactory(_bed.Options);
        KeyedSnapshotResult result;
        await using (var backend = await factory.OpenAsync(Context(StateKind.Value), default))
        {
            backend.StartExpiring();
            PutStamped(backend, "old");
            _time.Advance(s_ttl);
            PutStamped(backend, "new");
            await using var snapshot = backend.PrepareSnapshot(_bed.Request());
            PutStamped(backend, "after");
            Compact(backend);
            Rows(backend).Should().HaveCount(2);
            result = await snapshot.WriteAsync(default);
        }

        await using var restored = await factory.OpenAsync(
            Context(StateKind.Value) with { RestoreFrom = [result.Handle!], RestoredCheckpoint = new(1) }, default);
        restored.StartExpiring();
        Compact(restored);

        Rows(restored).Keys.Should().Equal(Convert.ToHexString(Key("new")));
    }

    [Fact]
    public async Task Compact_AfterRescale_DropsForeignRowsAndExpiredOnes()
    {
        KeyedStateHandle handle;
        CheckpointId id;
        await using (var backend = await OpenAsync(StateKind.Value))
        {
            backend.StartExpiring();
            for (var keyGroup = 0; keyGroup < MaxParallelism; keyGroup++)
            {
                backend.GetTable("counts").Put(Key(keyGroup, [1]), Stamp(_time.GetUtcNow() - s_ttl / 2));
                backend.GetTable("counts").Put(Key(keyGroup, [2]), Stamp(_time.GetUtcNow()));
            }

            var taken = await _bed.TakeAsync(backend);
            (handle, id) = (taken.Handle!, taken.Id);
        }

        _bed.Options.CleansUp = false;
        var low = new KeyGroupRange(0, 7);
        await using var half = await new RocksDbBackendFactory(_bed.Options).OpenAsync(
            Context(StateKind.Value) with { Range = low, RestoreFrom = [handle], RestoredCheckpoint = id }, default);
        half.StartExpiring();
        AllRows(half).Should().Be(2 * MaxParallelism, "the files are taken as they are");

        _time.Advance(s_ttl / 2);
        Compact(half);

        AllRows(half).Should().Be(low.Count);
        Rows(half).Should().HaveCount(low.Count);
    }

    private static IReadOnlyList<ColumnFamily> Families(KeyedStateBackend backend) =>
        ((RocksDbKeyedStateBackend)backend).ColumnFamilies;

    private static void Compact(KeyedStateBackend backend)
    {
        var database = ((RocksDbKeyedStateBackend)backend).Database;
        foreach (var family in Families(backend))
        {
            database.Compact(family);
        }
    }

    private static void CompactTwice(KeyedStateBackend backend)
    {
        Compact(backend);
        Compact(backend);
    }

    // Also those that the backend does not own.
    private static int AllRows(KeyedStateBackend backend)
    {
        using var rows = ((RocksDbKeyedStateBackend)backend).Database.NewIterator(Families(backend)[0], [0], [0xFF]);
        var count = 0;
        while (rows.MoveNext())
        {
            count++;
        }

        return count;
    }

    private static int StoredLength(KeyedStateBackend backend, string key)
    {
        var value = new ArrayBufferWriter<byte>();
        backend.GetTable("counts").TryGet(Key(key), value).Should().BeTrue();
        return value.WrittenCount;
    }

    private static byte[] Stamp(DateTimeOffset time, int length = 0)
    {
        var value = new byte[sizeof(long) + length];
        BinaryPrimitives.WriteInt64LittleEndian(value, time.ToUnixTimeMilliseconds());
        return value;
    }

    private void PutStamped(KeyedStateBackend backend, string key) =>
        backend.GetTable("counts").Put(Key(key), Stamp(_time.GetUtcNow(), 4));

    private void AppendStamped(KeyedStateBackend backend, string key, int length)
    {
        var element = new ArrayBufferWriter<byte>();
        KeyedRowKey.WritePart(Stamp(_time.GetUtcNow(), length), element);
        backend.GetTable("counts").Append(Key(key), element.WrittenSpan);
    }

    private KeyedStateBackendContext Context(StateKind kind) => _bed.Context() with
    {
        States = [RocksDbTestBed.State("counts", kind) with { IsStamped = true }],
        TimesToLive = new Dictionary<string, TimeSpan> { ["counts"] = s_ttl },
        Time = _time,
    };

    private ValueTask<KeyedStateBackend> OpenAsync(StateKind kind) => _bed.Factory.OpenAsync(Context(kind), default);
}
