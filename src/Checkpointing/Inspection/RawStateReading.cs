using System.Runtime.CompilerServices;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Inspection;

/// <summary>Reads the rows of one keyed state of one operator, subtask by subtask in the order of their key
/// groups.</summary>
/// <remarks>A full snapshot is read where it is, key group by key group. Of an incremental one a backend opens the
/// files
/// that hold the state, and no others; they are linked where the storage can. So memory holds one key group at
/// most, and a checkpoint is never restored as a whole.</remarks>
internal sealed class RawStateReading(
    ICheckpointStorage storage, IKeyedStateBackendFactory? backend, CompletedCheckpoint checkpoint)
{
    internal async IAsyncEnumerable<RawStateEntry> ReadAsync(
        OperatorCheckpoint stored,
        StateDescription state,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var subtasks = stored.Subtasks.Where(static subtask => subtask.ManagedKeyed is not null)
            .OrderBy(static subtask => subtask.ManagedKeyed!.KeyGroups.First);
        foreach (var subtask in subtasks)
        {
            var rows = subtask.ManagedKeyed switch
            {
                KeyGroupsStateHandle full => ReadFullAsync(full, state, cancellationToken),
                IncrementalKeyedStateHandle incremental =>
                    ReadIncrementalAsync(stored, subtask.Index, incremental, state, cancellationToken),
                var other => throw new UnsupportedFormatException(
                    checkpoint.MetadataPath, $"a {other!.GetType().Name}", "keyed state of this library"),
            };
            await foreach (var row in rows.ConfigureAwait(false))
            {
                yield return row;
            }
        }
    }

    private async IAsyncEnumerable<RawStateEntry> ReadFullAsync(
        KeyGroupsStateHandle handle,
        StateDescription state,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = await CanonicalSnapshotReader.OpenAsync(storage, handle, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var rows = new List<(byte[] Key, byte[] Value)>();
            for (var group = handle.Range.First; group <= handle.Range.Last; group++)
            {
                rows.Clear();
                await reader.ReadAsync(
                    new KeyGroupRange(group, group),
                    (index, key, value) =>
                    {
                        if (reader.States[index].Name == state.Name)
                        {
                            rows.Add((key.ToArray(), value.ToArray()));
                        }
                    },
                    cancellationToken).ConfigureAwait(false);

                // Within a key group a file has its rows in any order; a backend has them in that of their bytes.
                rows.Sort(static (left, right) => left.Key.AsSpan().SequenceCompareTo(right.Key));
                foreach (var (key, value) in rows)
                {
                    yield return Split(key, value);
                }
            }
        }
    }

    private async IAsyncEnumerable<RawStateEntry> ReadIncrementalAsync(
        OperatorCheckpoint stored,
        int subtask,
        IncrementalKeyedStateHandle handle,
        StateDescription state,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var opened = await (backend ?? throw NoBackend()).OpenAsync(
            ContextOf(stored, subtask, handle, [state]), cancellationToken).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            using var cursor = opened.GetTable(state.Name).Scan([]);
            while (cursor.MoveNext())
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Split(cursor.Key, cursor.Value);
            }
        }
    }

    private KeyedStateBackendContext ContextOf(
        OperatorCheckpoint stored,
        int subtask,
        KeyedStateHandle handle,
        IReadOnlyList<StateDescription> states) => new()
        {
            Job = checkpoint.Job,
            Operator = stored.Name ?? stored.Id.ToString(),
            SubtaskIndex = subtask,
            Range = handle.KeyGroups,
            MaxParallelism = stored.MaxParallelism,
            States = states,
            RestoreFrom = [handle],
            RestoredCheckpoint = checkpoint.Id,
            RestoredIsForeign = true,
            Storage = storage,
            Ids = IdSource.System,
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        };

    private UnsupportedFormatException NoBackend() => new(
        checkpoint.MetadataPath, "state in the files of a backend",
        "full snapshots, if no backend is given that opens such files");

    private static RawStateEntry Split(ReadOnlySpan<byte> row, ReadOnlySpan<byte> value)
    {
        var key = KeyedRowKey.ReadPart(row[KeyedRowKey.KeyGroupSize..], out var rest);
        var space = KeyedRowKey.ReadPart(rest, out rest);
        return new(
            KeyedRowKey.ReadKeyGroup(row), key.ToArray(), space.ToArray(), rest.ToArray(), value.ToArray());
    }
}
