using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Hashing;
using Checkpointing.Diagnostics;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>Writes all rows of a backend into one file that every backend can restore.</summary>
/// <remarks>One caller at a time. Disposed before it was completed nothing is left behind.</remarks>
public sealed class CanonicalSnapshotWriter : IAsyncDisposable
{
    private readonly ICheckpointStorage _storage;
    private readonly SnapshotRequest _request;
    private readonly string _path;
    private readonly IStorageWriter _file;
    private readonly KeyGroupRange _range;
    private readonly int _stateCount;
    private readonly long[] _offsets;
    private readonly ArrayBufferWriter<byte> _chunk = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly XxHash128 _blockHash = new();
    private readonly Activity? _span;
    private int _keyGroup = -1;
    private long _position;
    private bool _isCommitted;
    private bool _isComplete;

    private CanonicalSnapshotWriter(
        ICheckpointStorage storage, SnapshotRequest request, string path, IStorageWriter file, KeyGroupRange range,
        int stateCount)
    {
        (_storage, _request, _path, _file) = (storage, request, path, file);
        (_range, _stateCount, _offsets) = (range, stateCount, new long[range.Count]);
        _span = CheckpointingSpans.StartTransfer(path, sizeBytes: 0);
    }

    /// <summary>Begins a new exclusive file of a checkpoint.</summary>
    /// <param name="storage">Where.</param>
    /// <param name="request">The snapshot that it belongs to.</param>
    /// <param name="ids">Source of the file's name.</param>
    /// <param name="range">Key groups of the backend.</param>
    /// <param name="states">Its states; rows name them by their index here.</param>
    /// <param name="cancellationToken">Observed until the writer is returned.</param>
    public static async ValueTask<CanonicalSnapshotWriter> CreateAsync(
        ICheckpointStorage storage, SnapshotRequest request, IdSource ids, KeyGroupRange range,
        IReadOnlyList<StateDescription> states, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(states);
        var path = request.NewExclusivePath(ids);
        var file = await storage.CreateAsync(path, cancellationToken).ConfigureAwait(false);
        var writer = new CanonicalSnapshotWriter(storage, request, path, file, range, states.Count);
        writer.WriteHead(states);
        return writer;
    }

    /// <summary>Adds a row. Key groups come in order; within one the order of rows is free.</summary>
    /// <param name="stateIndex">Index of the state.</param>
    /// <param name="key">The row's key, with the key group in front.</param>
    /// <param name="value">Its value.</param>
    /// <param name="cancellationToken">Observed when a chunk is full.</param>
    /// <exception cref="ArgumentException">The key's group is not of the range, or comes after a later one.</exception>
    public ValueTask WriteRowAsync(
        int stateIndex, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stateIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stateIndex, _stateCount);
        var keyGroup = KeyedRowKey.ReadKeyGroup(key);
        if (keyGroup != _keyGroup)
        {
            BeginKeyGroup(keyGroup);
        }

        WriteIndex((uint)stateIndex);
        KeyedRowKey.WritePart(key, _chunk);
        KeyedRowKey.WritePart(value, _chunk);
        if (_chunk.WrittenCount < CanonicalSnapshotFormat.ChunkSize)
        {
            return ValueTask.CompletedTask;
        }

        EndChunk();
        return FlushAsync(cancellationToken);
    }

    /// <summary>Ends the file and makes it durable, its name included.</summary>
    /// <param name="cancellationToken">Observed before the file is made visible; not after.</param>
    public async ValueTask<KeyGroupsStateHandle> CompleteAsync(CancellationToken cancellationToken)
    {
        EndKeyGroup();
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        var digest = await _file.CommitAsync(cancellationToken).ConfigureAwait(false);
        _isCommitted = true;

        // Not cancelled: the file is there, and only its name may still be lost.
        await _storage.SyncFoldersAsync([StoragePath.FolderOf(_path)], CancellationToken.None).ConfigureAwait(false);
        _isComplete = true;
        _span?.SetTag(CheckpointingSpans.SizeTag, _position);
        _span?.End();
        return new(_range, [.. _offsets], _request.NewExclusiveHandle(_path, _position, digest));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _file.DisposeAsync().ConfigureAwait(false);
        if (!_isComplete)
        {
            _span?.End("it was not completed");
        }

        if (_isCommitted && !_isComplete)
        {
            await ExclusiveFiles.DeleteQuietlyAsync(_storage, _path).ConfigureAwait(false);
        }
    }

    private void WriteHead(IReadOnlyList<StateDescription> states)
    {
        var descriptions = new ArrayBufferWriter<byte>();
        StateDescriptionSerializer.Write(states, descriptions);
        StateSerializer.Int64.Write(CanonicalSnapshotFormat.Magic, _output);
        StateSerializer.Int32.Write(CanonicalSnapshotFormat.Version, _output);
        StateSerializer.Int32.Write(descriptions.WrittenCount, _output);
        _output.Write(descriptions.WrittenSpan);
        XxHash128.Hash(_output.WrittenSpan, _output.GetSpan(ContentDigest.Size));
        _output.Advance(ContentDigest.Size);
    }

    private void BeginKeyGroup(int keyGroup)
    {
        if (!_range.Contains(keyGroup) || keyGroup < _keyGroup)
        {
            throw new ArgumentException(
                $"A row of key group {keyGroup} does not follow key group {_keyGroup} within {_range}.");
        }

        EndKeyGroup();
        _keyGroup = keyGroup;
        _offsets[keyGroup - _range.First] = _position + _output.WrittenCount;
        _blockHash.Reset();
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, keyGroup);
        _blockHash.Append(number);
    }

    private void EndKeyGroup()
    {
        if (_keyGroup < 0)
        {
            return;
        }

        if (_chunk.WrittenCount > 0)
        {
            EndChunk();
        }

        EndChunk();
    }

    // An empty chunk is the end of the block.
    private void EndChunk()
    {
        var length = _output.GetSpan(sizeof(int))[..sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, _chunk.WrittenCount);
        _blockHash.Append(length);
        _output.Advance(sizeof(int));
        _blockHash.Append(_chunk.WrittenSpan);
        _output.Write(_chunk.WrittenSpan);
        _chunk.ResetWrittenCount();
        var digest = _output.GetSpan(ContentDigest.Size)[..ContentDigest.Size];
        _blockHash.GetCurrentHash(digest);
        _blockHash.Append(digest);
        _output.Advance(ContentDigest.Size);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _file.WriteAsync(_output.WrittenMemory, cancellationToken).ConfigureAwait(false);
        _position += _output.WrittenCount;
        _output.ResetWrittenCount();
    }

    private void WriteIndex(uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            StateSerializer.Byte.Write((byte)(value | 0x80), _chunk);
        }

        StateSerializer.Byte.Write((byte)value, _chunk);
    }
}
