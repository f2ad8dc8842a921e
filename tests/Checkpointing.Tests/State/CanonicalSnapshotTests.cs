using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Tests.State;

public sealed class CanonicalSnapshotTests
{
    private static readonly KeyGroupRange Range = new(2, 6);
    private static readonly StateDescription[] States =
    [
        new("first", StateKind.Value, new("string", 1), null, null, new("int64", 1)),
        new("second", StateKind.Map, new("string", 1), new("int32", 1), new("string", 1), new("x", 3, 0x1234)),
    ];

    private readonly StateFixture _fixture = new();

    [Fact]
    public async Task ReadAsync_WholeRange_GivesAllRowsAndStates()
    {
        var rows = SampleRows();
        var handle = await WriteAsync(rows);

        handle.Range.Should().Be(Range);
        handle.Offsets.Items.Select(static offset => offset != 0).Should().Equal(true, false, true, true, false);
        var (states, found) = await ReadAsync(handle, Range);
        states.Should().Equal(States);
        found.Should().BeEquivalentTo(rows, static options => options.WithStrictOrdering());
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(4, 4)]
    [InlineData(5, 15)]
    [InlineData(7, 15)]
    public async Task ReadAsync_PartOfTheRange_GivesItsRowsOnly(int first, int last)
    {
        var rows = SampleRows();

        var (_, found) = await ReadAsync(await WriteAsync(rows), new(first, last));

        found.Should().BeEquivalentTo(
            rows.Where(row => KeyedRowKey.ReadKeyGroup(row.Key) is var group && group >= first && group <= last),
            static options => options.WithStrictOrdering());
    }

    [Fact]
    public async Task ReadAsync_ManyChunks_GivesAllRows()
    {
        List<(int State, byte[] Key, byte[] Value)> rows = [];
        for (var i = 0; i < 300; i++)
        {
            rows.Add((i % 2, Row(3, [(byte)(i >> 8), (byte)i]), new byte[i * 37]));
        }

        rows.Add((0, Row(5, [1]), new byte[2 << 20]));
        var handle = await WriteAsync(rows);

        var (_, found) = await ReadAsync(handle, Range);

        handle.SizeBytes.Should().BeGreaterThan(5 * CanonicalSnapshotFormat.ChunkSize);
        found.Should().HaveCount(rows.Count);
        found.Zip(rows).Should().AllSatisfy(static pair =>
        {
            pair.First.Key.AsSpan().SequenceEqual(pair.Second.Key).Should().BeTrue();
            pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value).Should().BeTrue();
        });
    }

    [Fact]
    public async Task ReadAsync_AnyFlippedByte_IsCorruptBeforeARowOfItsChunkIsVisited()
    {
        var rows = SampleRows();
        var handle = await WriteAsync(rows);
        var bytes = await ReadFileAsync(handle);
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 0x40;
            await _fixture.RewriteAsync(handle.Stream, _ => damaged);

            List<(int State, byte[] Key, byte[] Value)> visited = [];
            var act = () => ReadIntoAsync(handle, Range, visited);

            (await act.Should().ThrowAsync<CheckpointCorruptException>($"byte {i} is damaged"))
                .Which.Path.Should().Be(((FileStateHandle)handle.Stream).Path);
            visited.Should().BeEquivalentTo(
                rows.Take(visited.Count), static options =>
                    options.WithStrictOrdering(), "only verified rows are visited");
        }
    }

    [Fact]
    public async Task ReadAsync_AnyCut_IsCorrupt()
    {
        var handle = await WriteAsync(SampleRows());
        var bytes = await ReadFileAsync(handle);
        for (var length = 0; length < bytes.Length; length++)
        {
            await _fixture.RewriteAsync(handle.Stream, _ => bytes[..length]);

            var act = () => ReadAsync(handle, Range);

            await act.Should().ThrowAsync<CheckpointCorruptException>($"the file is cut at {length}");
        }
    }

    [Fact]
    public async Task ReadAsync_OffsetsOfOtherBlocks_IsCorrupt()
    {
        var handle = await WriteAsync(SampleRows());
        ValueList<long> swapped = [handle.Offsets[2], 0, handle.Offsets[0], handle.Offsets[3], 0];
        ValueList<long> outside = [handle.Offsets[0], handle.SizeBytes, 0, 0, 0];
        ValueList<long> few = [handle.Offsets[0]];
        foreach (var offsets in new[] { swapped, outside, few })
        {
            var act = () => ReadAsync(handle with { Offsets = offsets }, Range);

            await act.Should().ThrowAsync<CheckpointCorruptException>();
        }
    }

    [Fact]
    public async Task ReadAsync_FileOfAnotherSnapshot_IsFoundByTheDigestOfTheHandle()
    {
        var rows = SampleRows();
        var handle = await WriteAsync(rows);
        rows[^1].Value[0] ^= 1;
        var other = await WriteAsync(rows);
        var act = () => ReadAsync(other with { Stream = handle.Stream }, Range);
        await act.Should().NotThrowAsync();
        var file = (FileStateHandle)handle.Stream;

        act = () =>
            ReadAsync(handle with { Stream = file with { Digest = ((FileStateHandle)other.Stream).Digest } }, Range);

        await act.Should().ThrowAsync<CheckpointCorruptException>();
    }

    [Fact]
    public async Task OpenAsync_FileOfAnotherSystem_IsUnsupported()
    {
        await _fixture.Storage.WriteAllAsync("flink/state", new byte[100], CancellationToken.None);
        KeyGroupsStateHandle handle = new(Range, [1, 1, 1, 1, 1], new FileStateHandle("flink/state", 100));

        var act = () => ReadAsync(handle, Range);

        await act.Should().ThrowAsync<UnsupportedFormatException>();
    }

    [Fact]
    public async Task WriteRowAsync_KeyGroupOutOfOrderOrRange_Throws()
    {
        await using var writer = await CreateAsync();
        await writer.WriteRowAsync(0, Row(4, []), [], CancellationToken.None);

        foreach (var keyGroup in new[] { 1, 3, 7 })
        {
            var act = async () => await writer.WriteRowAsync(0, Row(keyGroup, []), [], CancellationToken.None);
            await act.Should().ThrowAsync<ArgumentException>();
        }
    }

    [Fact]
    public async Task DisposeAsync_SyncFailed_DeletesTheFile()
    {
        var storage = new RefusingStorage { RefusesSync = true };
        var fixture = new StateFixture { Storage = storage };
        await using (var writer = await CanonicalSnapshotWriter.CreateAsync(
            storage, fixture.NextRequest(), fixture.Ids, Range, States, CancellationToken.None))
        {
            await writer.WriteRowAsync(0, Row(4, []), [], CancellationToken.None);
            var act = async () => await writer.CompleteAsync(CancellationToken.None);
            await act.Should().ThrowAsync<CheckpointStorageUnavailableException>();
        }

        (await storage.ListAsync("", CancellationToken.None).ToListAsync()).Should().BeEmpty();
    }

    [Fact]
    public void Format_HeadOfAFile_IsFrozen()
    {
        var head = new ArrayBufferWriter<byte>();
        StateSerializer.Int64.Write(CanonicalSnapshotFormat.Magic, head);
        StateDescriptionSerializer.Write([States[1]], head);

        Convert.ToHexStringLower(head.WrittenSpan).Should().Be(
            "434b5054524f5753" + "01000000" + "067365636f6e64" + "03"
            + "01" + "06737472696e67" + "01000000" + "0000000000000000"
            + "01" + "05696e743332" + "01000000" + "0000000000000000"
            + "01" + "06737472696e67" + "01000000" + "0000000000000000"
            + "01" + "0178" + "03000000" + "3412000000000000");
    }

    private static List<(int State, byte[] Key, byte[] Value)> SampleRows() =>
    [
        (0, Row(2, "a"u8), [1, 2, 3]), (1, Row(2, "b"u8), []), (1, Row(2, []), [9]), (0, Row(4, "c"u8), [4]),
        (1, Row(5, "d"u8), [5, 6]),
    ];

    private static byte[] Row(int keyGroup, ReadOnlySpan<byte> key)
    {
        var row = new ArrayBufferWriter<byte>();
        KeyedRowKey.WriteKeyGroup(keyGroup, row);
        KeyedRowKey.WritePart(key, row);
        KeyedRowKey.WritePart([], row);
        return row.WrittenSpan.ToArray();
    }

    private ValueTask<CanonicalSnapshotWriter> CreateAsync() => CanonicalSnapshotWriter.CreateAsync(
        _fixture.Storage, _fixture.NextRequest(), _fixture.Ids, Range, States, CancellationToken.None);

    private async Task<KeyGroupsStateHandle> WriteAsync(IEnumerable<(int State, byte[] Key, byte[] Value)> rows)
    {
        await using var writer = await CreateAsync();
        foreach (var (state, key, value) in rows)
        {
            await writer.WriteRowAsync(state, key, value, CancellationToken.None);
        }

        return await writer.CompleteAsync(CancellationToken.None);
    }

    private async Task<(
        IReadOnlyList<StateDescription> States, List<(int State, byte[] Key, byte[] Value)> Rows)> ReadAsync(
        KeyGroupsStateHandle handle, KeyGroupRange range)
    {
        List<(int State, byte[] Key, byte[] Value)> rows = [];
        return (await ReadIntoAsync(handle, range, rows), rows);
    }

    private async Task<IReadOnlyList<StateDescription>> ReadIntoAsync(
        KeyGroupsStateHandle handle, KeyGroupRange range, List<(int State, byte[] Key, byte[] Value)> rows)
    {
        await using var reader = await CanonicalSnapshotReader.OpenAsync(
            _fixture.Storage, handle, CancellationToken.None);
        await reader.ReadAsync(
            range, (state, key, value) => rows.Add((state, key.ToArray(), value.ToArray())), CancellationToken.None);
        return reader.States;
    }

    private ValueTask<byte[]> ReadFileAsync(KeyGroupsStateHandle handle) => _fixture.Storage.ReadAllAsync(
        ((FileStateHandle)handle.Stream).Path, long.MaxValue, CancellationToken.None);
}
