using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>Reads a file of <see cref="CanonicalSnapshotWriter"/>: only the wanted key groups, nothing before its
/// digest was right.</summary>
/// <remarks>One caller at a time. When all of the file was read, the digest of the handle is checked as well.</remarks>
public sealed class CanonicalSnapshotReader : IAsyncDisposable
{
    private const int ReadStep = 1 << 20;

    private readonly ICheckpointStorage _storage;
    private readonly KeyGroupsStateHandle _handle;
    private readonly XxHash128 _blockHash = new();
    private XxHash128? _fileHash = new();
    private Stream _stream;
    private byte[] _buffer = [];
    private long _position;

    private CanonicalSnapshotReader(ICheckpointStorage storage, KeyGroupsStateHandle handle, Stream stream) =>
        (_storage, _handle, _stream) = (storage, handle, stream);

    /// <summary>The states in the file; rows name them by their index.</summary>
    public IReadOnlyList<StateDescription> States { get; private set; } = [];

    private string Path => StoredStream.PathOf(_handle.Stream);

    /// <summary>Opens a file and verifies its head.</summary>
    /// <exception cref="CheckpointCorruptException">The head is damaged.</exception>
    /// <exception cref="UnsupportedFormatException">The file is of a newer version, or of another system.</exception>
    /// <exception cref="StoredFileMissingException">There is no such file.</exception>
    public static async ValueTask<CanonicalSnapshotReader> OpenAsync(
        ICheckpointStorage storage, KeyGroupsStateHandle handle, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(handle);
        var stream = await StoredStream.OpenAsync(storage, handle.Stream, 0, cancellationToken).ConfigureAwait(false);
        var reader = new CanonicalSnapshotReader(storage, handle, stream);
        try
        {
            await reader.ReadHeadAsync(cancellationToken).ConfigureAwait(false);
            return reader;
        }
        catch
        {
            await reader.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads the rows of all key groups of a range that the handle holds, in order of key groups.</summary>
    /// <param name="range">The wanted key groups.</param>
    /// <param name="visit">Takes the rows, chunk by chunk as their digests are verified.</param>
    /// <param name="cancellationToken">Observed between two chunks.</param>
    /// <exception cref="CheckpointCorruptException">The file is damaged: drop all that was visited.</exception>
    public async ValueTask ReadAsync(
        KeyGroupRange range, CanonicalRowVisitor visit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(visit);
        if (_handle.Offsets.Count != _handle.Range.Count)
        {
            throw Corrupt(0, $"{_handle.Range.Count} offsets of key groups", $"{_handle.Offsets.Count}");
        }

        var wanted = _handle.Range.Intersect(range);
        for (var keyGroup = wanted.First; keyGroup <= wanted.Last; keyGroup++)
        {
            var offset = _handle.Offsets[keyGroup - _handle.Range.First];
            if (offset != 0)
            {
                await SeekAsync(offset, cancellationToken).ConfigureAwait(false);
                await ReadBlockAsync(keyGroup, visit, cancellationToken).ConfigureAwait(false);
            }
        }

        CheckFileDigest();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _stream.DisposeAsync().ConfigureAwait(false);

    private async ValueTask ReadHeadAsync(CancellationToken cancellationToken)
    {
        var fixedHead = await ReadExactlyAsync(
            CanonicalSnapshotFormat.FixedHeadSize, cancellationToken).ConfigureAwait(false);
        var head = fixedHead.ToArray();
        if (BinaryPrimitives.ReadInt64LittleEndian(head) != CanonicalSnapshotFormat.Magic)
        {
            // Files of ours have a digest in the handle; one without may well be of another system.
            throw StoredStream.DigestOf(_handle.Stream) is null
                ? new UnsupportedFormatException(Path, "rows of another system", "canonical snapshots of this library")
                : Corrupt(0, "the head of a canonical snapshot", "other bytes");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8));
        var length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(12));
        if (length is < 0 or > CanonicalSnapshotFormat.MaxDescriptionsLength)
        {
            throw Corrupt(
                12, $"at most {CanonicalSnapshotFormat.MaxDescriptionsLength} bytes of descriptions", $"{length}");
        }

        var rest = await ReadExactlyAsync(length + ContentDigest.Size, cancellationToken).ConfigureAwait(false);
        var hash = new XxHash128();
        hash.Append(head);
        hash.Append(rest.Span[..length]);
        CheckDigest(hash, rest.Span[length..]);
        if (version != CanonicalSnapshotFormat.Version)
        {
            throw new UnsupportedFormatException(
                Path, $"version {version} of the canonical snapshot", $"version {CanonicalSnapshotFormat.Version}");
        }

        try
        {
            States = StateDescriptionSerializer.Read(rest.Span[..length], out _);
        }
        catch (FormatException e)
        {
            throw Corrupt(CanonicalSnapshotFormat.FixedHeadSize, "descriptions of states", "other bytes", e);
        }
    }

    private async ValueTask SeekAsync(long offset, CancellationToken cancellationToken)
    {
        if (offset == _position)
        {
            return;
        }

        if (offset < 0 || offset >= _handle.Stream.SizeBytes)
        {
            throw Corrupt(offset, $"a block within {_handle.Stream.SizeBytes} bytes", "an offset outside");
        }

        _fileHash = null;
        await _stream.DisposeAsync().ConfigureAwait(false);
        _stream = await StoredStream.OpenAsync(
            _storage, _handle.Stream, offset, cancellationToken).ConfigureAwait(false);
        _position = offset;
    }

    private async ValueTask ReadBlockAsync(int keyGroup, CanonicalRowVisitor visit, CancellationToken cancellationToken)
    {
        BeginBlockHash(keyGroup);
        while (true)
        {
            var prefix = await ReadExactlyAsync(sizeof(int), cancellationToken).ConfigureAwait(false);
            _blockHash.Append(prefix.Span);
            var length = BinaryPrimitives.ReadInt32LittleEndian(prefix.Span);
            var remaining = _handle.Stream.SizeBytes - _position - ContentDigest.Size;
            if (length < 0 || length > remaining)
            {
                throw Corrupt(_position - sizeof(int), $"a chunk of at most {remaining} bytes", $"one of {length}");
            }

            var start = _position;
            var chunk = await ReadExactlyAsync(length + ContentDigest.Size, cancellationToken).ConfigureAwait(false);
            _blockHash.Append(chunk.Span[..length]);
            CheckDigest(_blockHash, chunk.Span[length..]);
            if (length == 0)
            {
                return;
            }

            _blockHash.Append(chunk.Span[length..]);
            VisitRows(keyGroup, chunk.Span[..length], start, visit);
        }
    }

    private void BeginBlockHash(int keyGroup)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, keyGroup);
        _blockHash.Reset();
        _blockHash.Append(number);
    }

    private void VisitRows(int keyGroup, ReadOnlySpan<byte> chunk, long start, CanonicalRowVisitor visit)
    {
        var rest = chunk;
        while (!rest.IsEmpty)
        {
            var at = start + chunk.Length - rest.Length;
            int state;
            ReadOnlySpan<byte> key;
            ReadOnlySpan<byte> value;
            try
            {
                state = ReadIndex(ref rest);
                key = KeyedRowKey.ReadPart(rest, out rest);
                value = KeyedRowKey.ReadPart(rest, out rest);
            }
            catch (FormatException e)
            {
                throw Corrupt(at, "a row", "bytes that end before it does", e);
            }

            if (state >= States.Count || key.Length < KeyedRowKey.KeyGroupSize
                || KeyedRowKey.ReadKeyGroup(key) != keyGroup)
            {
                throw Corrupt(at, $"a row of key group {keyGroup} and of one of {States.Count} states", "another");
            }

            visit(state, key, value);
        }
    }

    private static int ReadIndex(ref ReadOnlySpan<byte> rest)
    {
        var index = 0;
        for (var shift = 0; shift <= 21 && !rest.IsEmpty; shift += 7)
        {
            var next = rest[0];
            rest = rest[1..];
            index |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return index;
            }
        }

        throw new FormatException("A row's state has no end.");
    }

    // The buffer grows with what was really read, never on the word of a length.
    private async ValueTask<ReadOnlyMemory<byte>> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        for (var read = 0; read < count;)
        {
            if (read == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Min(count, Math.Max(ReadStep, 2 * read)));
            }

            var target = _buffer.AsMemory(read, Math.Min(_buffer.Length, count) - read);
            var got = await _stream.ReadAsync(target, cancellationToken).ConfigureAwait(false);
            if (got == 0)
            {
                throw Corrupt(_position + read, $"{count - read} more bytes", "the end of the file");
            }

            read += got;
        }

        _position += count;
        _fileHash?.Append(_buffer.AsSpan(0, count));
        return _buffer.AsMemory(0, count);
    }

    private void CheckDigest(XxHash128 hash, ReadOnlySpan<byte> stored)
    {
        Span<byte> computed = stackalloc byte[ContentDigest.Size];
        hash.GetCurrentHash(computed);
        if (!computed.SequenceEqual(stored))
        {
            throw Corrupt(
                _position - ContentDigest.Size,
                $"digest {Convert.ToHexStringLower(computed)} of the bytes before", Convert.ToHexStringLower(stored));
        }
    }

    private void CheckFileDigest()
    {
        if (_fileHash is { } hash && _position == _handle.Stream.SizeBytes
            && StoredStream.DigestOf(_handle.Stream) is { } expected && ContentDigest.Of(hash) is var actual
            && actual != expected)
        {
            throw Corrupt(0, $"digest {expected}", $"{actual}");
        }
    }

    private CheckpointCorruptException Corrupt(long offset, FormattableString expected, FormattableString actual) =>
        Corrupt(offset, expected.ToString(CultureInfo.InvariantCulture), actual.ToString(CultureInfo.InvariantCulture));

    private CheckpointCorruptException Corrupt(long offset, string expected, string actual, Exception? cause = null) =>
        new(Path, offset, expected, actual, null, cause);
}
