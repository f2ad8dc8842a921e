using System.Buffers;
using Checkpointing.KeyGroups;
using static Checkpointing.Testing.State.BackendTestBed;

namespace Checkpointing.Testing.State;

/// <summary>Cases about notices, disposal and several backends at once.</summary>
internal static class LifecycleCases
{
    public static async Task BearsNoticesAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            backend.NotifyCompleted(new(77));
            backend.NotifyAborted(new(78));
            SnapshotCases.Fill(backend, "s", 50, seed: 1);
            var first = bed.NextRequest();
            await bed.WriteAsync(backend.PrepareSnapshot(first), first).ConfigureAwait(false);
            backend.NotifyAborted(first.CheckpointId);
            backend.NotifyAborted(first.CheckpointId);
            SnapshotCases.Fill(backend, "s", 50, seed: 2);

            // A base that was aborted, or that nobody knows, is none: everything is sent.
            var second = bed.NextRequest(basis: first.CheckpointId);
            var handle = await bed.WriteAsync(backend.PrepareSnapshot(second), second).ConfigureAwait(false);
            await SnapshotCases.ExpectRestoresAsync(bed, handle, SnapshotCases.RowsOf(backend, "s"), "s")
                .ConfigureAwait(false);
            backend.NotifyCompleted(second.CheckpointId);
            backend.NotifyCompleted(second.CheckpointId);
            backend.NotifyCompleted(first.CheckpointId);
            backend.NotifyAborted(second.CheckpointId);
            SnapshotCases.Fill(backend, "s", 50, seed: 3);
            var last = await bed.SnapshotAsync(backend, basis: new(99)).ConfigureAwait(false);
            await SnapshotCases.ExpectRestoresAsync(bed, last, SnapshotCases.RowsOf(backend, "s"), "s")
                .ConfigureAwait(false);
        }
    }

    public static async Task RefusesAfterDisposeAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        var table = backend.GetTable("s");
        table.Put(Row(0, []), [1]);
        await backend.DisposeAsync().ConfigureAwait(false);
        await backend.DisposeAsync().ConfigureAwait(false);
        Action[] calls =
        [
            () => backend.GetTable("s"), () => backend.PrepareSnapshot(bed.NextRequest()),
            () => table.TryGet(Row(0, []), new ArrayBufferWriter<byte>()), () => table.Put(Row(0, []), [2]),
            () => table.Append(Row(0, []), [2]), () => table.Delete(Row(0, [])), () => table.Scan([]).Dispose(),
        ];
        for (var i = 0; i < calls.Length; i++)
        {
            var call = calls[i];
            await Expect.ThrowsAsync<ObjectDisposedException>(
                () =>
                {
                    call();
                    return Task.CompletedTask;
                },
                $"Call {i} of a disposed backend").ConfigureAwait(false);
        }
    }

    public static async Task SharesNothingAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var left = new KeyGroupRange(0, 5);
        var right = new KeyGroupRange(6, 11);
        var first = await bed.OpenAsync(left, [], "s").ConfigureAwait(false);
        await using (first.ConfigureAwait(false))
        {
            var second = await bed.OpenAsync(right, [], "s").ConfigureAwait(false);
            await using (second.ConfigureAwait(false))
            {
                Expect.That(first.BackendId != second.BackendId, "Backends have ids of their own.");
                Expect.Equal(left, first.Range, "Range of the first");
                Expect.Equal(right, second.Range, "Range of the second");
                first.GetTable("s").Put(Row(1, []), [1]);
                Expect.Equal(0, Scan(second.GetTable("s")).Count, "Rows of the other backend");
            }

            Expect.Equal(1, Scan(first.GetTable("s")).Count, "Rows after the other backend was disposed");
        }
    }
}
