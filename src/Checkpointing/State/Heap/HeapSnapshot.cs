using Checkpointing.StateHandles;

namespace Checkpointing.State.Heap;

/// <summary>Writes frozen trees.</summary>
internal sealed class HeapSnapshot(
    KeyedStateBackendContext context, SnapshotRequest request,
    IReadOnlyList<(StateDescription State, HeapNode? Root)> frozen)
    : KeyedStateSnapshot
{
    private IReadOnlyList<(StateDescription State, HeapNode? Root)> _frozen = frozen;

    public override async ValueTask<KeyedSnapshotResult> WriteAsync(CancellationToken cancellationToken)
    {
        if (_frozen.All(static state => state.Root is null))
        {
            return new(null, default, []);
        }

        var writer = await CanonicalSnapshotWriter.CreateAsync(
            context.Storage, request, context.Ids, context.Range, [.. _frozen.Select(static state => state.State)],
            cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await WriteRowsAsync(writer, cancellationToken).ConfigureAwait(false);
            var handle = await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
            return KeyedSnapshotResult.OfStreamed(handle);
        }
    }

    public override ValueTask DisposeAsync()
    {
        // Lets the garbage collector have the nodes that only this snapshot still holds.
        _frozen = [];
        return ValueTask.CompletedTask;
    }

    // The trees are walked side by side, so that the rows of one key group lie together.
    private async ValueTask WriteRowsAsync(CanonicalSnapshotWriter writer, CancellationToken cancellationToken)
    {
        var cursors = _frozen.Select(static state => new HeapCursor(state.Root, [])).ToArray();
        var isOpen = cursors.Select(static cursor => cursor.MoveNext()).ToArray();
        while (NextKeyGroup(cursors, isOpen) is { } keyGroup)
        {
            for (var state = 0; state < cursors.Length; state++)
            {
                var cursor = cursors[state];
                while (isOpen[state] && KeyedRowKey.ReadKeyGroup(cursor.Key) == keyGroup)
                {
                    await writer.WriteRowAsync(
                        state, cursor.Key, cursor.Value, cancellationToken).ConfigureAwait(false);
                    isOpen[state] = cursor.MoveNext();
                }
            }
        }
    }

    private static int? NextKeyGroup(HeapCursor[] cursors, bool[] isOpen)
    {
        int? least = null;
        for (var i = 0; i < cursors.Length; i++)
        {
            if (isOpen[i] && KeyedRowKey.ReadKeyGroup(cursors[i].Key) is var keyGroup && !(keyGroup >= least))
            {
                least = keyGroup;
            }
        }

        return least;
    }
}
