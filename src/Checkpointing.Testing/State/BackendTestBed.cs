using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Testing.State;

/// <summary>Opens, snapshots and restores backends of one job, as a coordinator would.</summary>
internal sealed class BackendTestBed(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
{
    internal const int MaxParallelism = 12;

    private static readonly SerializerIdentity Bytes = new("bytes", Version: 1);
    private readonly Dictionary<SharedStateKey, StreamStateHandle> _shared = [];
    private long _lastCheckpoint;

    internal static KeyGroupRange All => KeyGroupRange.All(MaxParallelism);

    internal IdSource Ids { get; } = IdSource.FromSeed(7);

    internal KeyedStateBackendSetup Setup => setup;

    internal CancellationToken CancellationToken => cancellationToken;

    internal static StateDescription Describe(string name) => new(name, StateKind.Value, Bytes, null, null, Bytes);

    internal ValueTask<KeyedStateBackend> OpenAsync(params string[] states) => OpenAsync(All, [], states);

    /// <summary>Opens a backend on what of the handles its range meets.</summary>
    internal ValueTask<KeyedStateBackend> OpenAsync(
        KeyGroupRange range, IEnumerable<KeyedStateHandle> handles, params string[] states) =>
        setup.Factory.OpenAsync(
            new KeyedStateBackendContext
            {
                Job = "job",
                Operator = "op",
                SubtaskIndex = 0,
                Range = range,
                MaxParallelism = MaxParallelism,
                States = [.. states.Select(Describe)],
                RestoreFrom = [.. handles.Where(handle => handle.KeyGroups.Overlaps(range))],
                RestoredCheckpoint = new(_lastCheckpoint),
                Storage = setup.Storage,
                Ids = Ids,
                Time = TimeProvider.System,
                Logger = NullLogger.Instance,
            },
            cancellationToken);

    internal SnapshotRequest NextRequest(
        CheckpointKind kind = CheckpointKind.Checkpoint, CheckpointId? basis = null) => new()
        {
            CheckpointId = new(++_lastCheckpoint),
            Kind = kind,
            Base = basis,
            Job = "job",
            Epoch = 1,
            Attempt = 0,
            ExclusiveFolder = kind == CheckpointKind.Savepoint ? $"saved/{_lastCheckpoint}"
                : $"job/chk-{_lastCheckpoint}",
        };

    /// <summary>Takes a snapshot and gives its handle as a restore would get it; null without state.</summary>
    internal Task<KeyedStateHandle?> SnapshotAsync(
        KeyedStateBackend backend, CheckpointKind kind = CheckpointKind.Checkpoint, CheckpointId? basis = null)
    {
        var request = NextRequest(kind, basis);
        return WriteAsync(backend.PrepareSnapshot(request), request);
    }

    internal async Task<KeyedStateHandle?> WriteAsync(KeyedStateSnapshot snapshot, SnapshotRequest request)
    {
        await using (snapshot.ConfigureAwait(false))
        {
            var result = await snapshot.WriteAsync(cancellationToken).ConfigureAwait(false);
            return result.Handle is { } handle ? Resolve(handle, request.ExclusiveFolder) : null;
        }
    }

    /// <summary>Snapshots of several backends, without nulls.</summary>
    internal async Task<IReadOnlyList<KeyedStateHandle>> SnapshotAllAsync(IEnumerable<KeyedStateBackend> backends)
    {
        List<KeyedStateHandle> handles = [];
        foreach (var backend in backends)
        {
            if (await SnapshotAsync(backend).ConfigureAwait(false) is { } handle)
            {
                handles.Add(handle);
            }
        }

        return handles;
    }

    /// <summary>A row's key.</summary>
    internal static byte[] Row(int keyGroup, ReadOnlySpan<byte> key, params ReadOnlySpan<byte> mapKey)
    {
        var row = new ArrayBufferWriter<byte>();
        KeyedRowKey.WriteKeyGroup(keyGroup, row);
        KeyedRowKey.WritePart(key, row);
        KeyedRowKey.WritePart([], row);
        row.Write(mapKey);
        return row.WrittenSpan.ToArray();
    }

    internal static byte[]? Get(KeyedStateTable table, ReadOnlySpan<byte> key)
    {
        var value = new ArrayBufferWriter<byte>();
        return table.TryGet(key, value) ? value.WrittenSpan.ToArray() : null;
    }

    internal static List<(byte[] Key, byte[] Value)> Scan(KeyedStateTable table, params ReadOnlySpan<byte> prefix)
    {
        List<(byte[] Key, byte[] Value)> rows = [];
        using var cursor = table.Scan(prefix);
        while (cursor.MoveNext())
        {
            rows.Add((cursor.Key.ToArray(), cursor.Value.ToArray()));
        }

        return rows;
    }

    internal static void ExpectRows(
        IReadOnlyList<(byte[] Key, byte[] Value)> expected, IReadOnlyList<(byte[] Key, byte[] Value)> actual,
            string what)
    {
        for (var i = 0; i < Math.Min(expected.Count, actual.Count); i++)
        {
            Expect.Equal(
                Convert.ToHexString(expected[i].Key), Convert.ToHexString(actual[i].Key), $"{what}: key of row {i}");
            Expect.SameBytes(expected[i].Value, actual[i].Value, $"{what}: value of row {i}");
        }

        Expect.Equal(expected.Count, actual.Count, $"{what}: number of rows");
    }

    // What the shared-state registry does for placeholders, and the reader of a savepoint for relative paths.
    internal KeyedStateHandle Resolve(KeyedStateHandle handle, string folder)
    {
        if (handle is KeyGroupsStateHandle full)
        {
            return full with { Stream = ToAbsolute(full.Stream, folder) };
        }

        var incremental = (IncrementalKeyedStateHandle)handle;
        return incremental with
        {
            SharedFiles = [.. incremental.SharedFiles.Items.Select(file => ResolveShared(incremental, file, folder))],
            PrivateFiles =
            [
                .. incremental.PrivateFiles.Items.Select(
                    file => file with { Handle = ToAbsolute(file.Handle, folder) }),
            ],
            MetaFile = ToAbsolute(incremental.MetaFile, folder),
        };
    }

    /// <summary>Moves a savepoint's folder.</summary>
    /// <returns>Its handle as a restore from there would get it.</returns>
    internal async Task<KeyedStateHandle> MoveAsync(KeyedStateHandle handle, string folder, string target)
    {
        await foreach (var file in setup.Storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            await setup.Storage.CopyAsync(file.Path, target + file.Path[folder.Length..], cancellationToken)
                .ConfigureAwait(false);
        }

        await DeleteAsync(folder).ConfigureAwait(false);
        return Resolve(handle, target);
    }

    /// <summary>Deletes a folder.</summary>
    internal async Task DeleteAsync(string folder)
    {
        List<string> paths = [];
        await foreach (var file in setup.Storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            paths.Add(file.Path);
        }

        foreach (var path in paths)
        {
            await setup.Storage.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        }
    }

    private StateFile ResolveShared(IncrementalKeyedStateHandle owner, StateFile file, string folder)
    {
        if (file.Handle is PlaceholderStateHandle placeholder)
        {
            Expect.That(
                _shared.ContainsKey(placeholder.Key),
                    $"Placeholder {placeholder.Key} stands for a file that was never stored.");
            return file with { Handle = _shared[placeholder.Key] };
        }

        var absolute = file with { Handle = ToAbsolute(file.Handle, folder) };
        _shared[owner.KeyOf(absolute)] = absolute.Handle;
        return absolute;
    }

    private static StreamStateHandle ToAbsolute(StreamStateHandle handle, string folder) =>
        handle is RelativeFileStateHandle file
            ? new FileStateHandle(StoragePath.Combine(folder, file.RelativePath), file.FileSizeBytes, file.Digest)
            : handle;
}
