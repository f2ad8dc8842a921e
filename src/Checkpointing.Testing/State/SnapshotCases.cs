using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using static Checkpointing.Testing.State.BackendTestBed;

namespace Checkpointing.Testing.State;

/// <summary>Cases about snapshots of one backend and restoring them at the same range.</summary>
internal static class SnapshotCases
{
    public static async Task RestoresAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s", "t").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 500, seed: 1);
            Fill(backend, "t", 20, seed: 2);
            var handle = await bed.SnapshotAsync(backend).ConfigureAwait(false);
            Expect.That(handle is not null, "A backend with rows gives a handle.");
            Expect.Equal(All, handle!.KeyGroups, "Key groups of the handle");
            Expect.That(handle.SizeBytes > 0, "The handle knows its size.");
            await ExpectRestoresAsync(bed, handle, RowsOf(backend, "s", "t"), "s", "t").ConfigureAwait(false);
        }
    }

    public static async Task FixesTheCutAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 300, seed: 1);
            var table = backend.GetTable("s");
            table.Append(Row(0, "list"u8), "a"u8);
            var cut = RowsOf(backend, "s");
            var request = bed.NextRequest();
            var snapshot = backend.PrepareSnapshot(request);
            table.Append(Row(0, "list"u8), "b"u8);
            Fill(backend, "s", 300, seed: 2);
            foreach (var (key, _) in Scan(table).Where(static (_, index) => index % 3 == 0))
            {
                table.Delete(key);
            }

            var handle = await bed.WriteAsync(snapshot, request).ConfigureAwait(false);
            await ExpectRestoresAsync(bed, handle, cut, "s").ConfigureAwait(false);
        }
    }

    public static async Task PreparesManyAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            List<(
                KeyedStateSnapshot Snapshot, SnapshotRequest Request, List<List<(byte[], byte[])>> Cut)> prepared = [];
            for (var i = 0; i < 3; i++)
            {
                Fill(backend, "s", 100, seed: i);
                var request = bed.NextRequest();
                prepared.Add((backend.PrepareSnapshot(request), request, RowsOf(backend, "s")));
            }

            // The newest first: the order of writing is free.
            prepared.Reverse();
            foreach (var (snapshot, request, cut) in prepared)
            {
                var handle = await bed.WriteAsync(snapshot, request).ConfigureAwait(false);
                await ExpectRestoresAsync(bed, handle, cut, "s").ConfigureAwait(false);
            }
        }
    }

    public static async Task RestoresChainAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s", "t").ConfigureAwait(false);
        CheckpointId? basis = null;
        List<(KeyedStateHandle? Handle, List<List<(byte[], byte[])>> Cut)> links = [];
        for (var i = 0; i < 6; i++)
        {
            Fill(backend, "s", 100, seed: i);
            Fill(backend, "t", 5, seed: -i);
            var request = bed.NextRequest(basis: basis);
            var snapshot = backend.PrepareSnapshot(request);
            links.Add((await bed.WriteAsync(snapshot, request).ConfigureAwait(false), RowsOf(backend, "s", "t")));
            backend.NotifyCompleted(request.CheckpointId);
            basis = request.CheckpointId;
            if (i == 3)
            {
                // The chain goes on over a restore, which the base survives.
                await backend.DisposeAsync().ConfigureAwait(false);
                backend = await bed.OpenAsync(All, [links[^1].Handle!], "s", "t").ConfigureAwait(false);
            }
        }

        await backend.DisposeAsync().ConfigureAwait(false);
        foreach (var (handle, cut) in links)
        {
            await ExpectRestoresAsync(bed, handle, cut, "s", "t").ConfigureAwait(false);
        }
    }

    public static async Task RestoresDeletionsAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 50, seed: 1);
            var request = bed.NextRequest();
            await bed.WriteAsync(backend.PrepareSnapshot(request), request).ConfigureAwait(false);
            backend.NotifyCompleted(request.CheckpointId);
            var table = backend.GetTable("s");
            foreach (var (key, _) in Scan(table).Skip(1))
            {
                table.Delete(key);
            }

            var handle = await bed.SnapshotAsync(backend, basis: request.CheckpointId).ConfigureAwait(false);
            await ExpectRestoresAsync(bed, handle, RowsOf(backend, "s"), "s").ConfigureAwait(false);
            table.Delete(Scan(table)[0].Key);
            var last = await bed.SnapshotAsync(backend).ConfigureAwait(false);
            await ExpectRestoresAsync(bed, last, RowsOf(backend, "s"), "s").ConfigureAwait(false);
        }
    }

    public static async Task RestoresNothingAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Expect.Equal(0, backend.RestoredStates.Count, "Restored states of a new backend");
            var handle = await bed.SnapshotAsync(backend).ConfigureAwait(false);
            await ExpectRestoresAsync(bed, handle, RowsOf(backend, "s"), "s").ConfigureAwait(false);
        }
    }

    public static async Task RestoresFullAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 100, seed: 1);
            var first = bed.NextRequest();
            await bed.WriteAsync(backend.PrepareSnapshot(first), first).ConfigureAwait(false);
            backend.NotifyCompleted(first.CheckpointId);
            var request = bed.NextRequest(CheckpointKind.FullCheckpoint, first.CheckpointId);
            var snapshot = backend.PrepareSnapshot(request);
            await using (snapshot.ConfigureAwait(false))
            {
                var result = await snapshot.WriteAsync(cancellationToken).ConfigureAwait(false);
                Expect.Equal(0, result.Cost.ReusedFiles, "Files used again by a full checkpoint");
                await ExpectRestoresAsync(bed, result.Handle, RowsOf(backend, "s"), "s").ConfigureAwait(false);
            }
        }
    }

    public static async Task RestoresSavepointAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 100, seed: 1);
            var request = bed.NextRequest(CheckpointKind.Savepoint);
            var handle = await bed.WriteAsync(backend.PrepareSnapshot(request), request).ConfigureAwait(false);
            foreach (var path in PathsOf(handle!))
            {
                Expect.That(
                    path.StartsWith(request.ExclusiveFolder + "/", StringComparison.Ordinal),
                    $"'{path}' lies in the savepoint's folder.");
            }

            await ExpectRestoresAsync(bed, handle, RowsOf(backend, "s"), "s").ConfigureAwait(false);
        }
    }

    public static async Task RestoresNativeSavepointAsync(
        KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s", "t").ConfigureAwait(false);
        KeyedStateHandle moved;
        List<List<(byte[], byte[])>> cut;
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 200, seed: 1);
            var first = bed.NextRequest();
            await bed.WriteAsync(backend.PrepareSnapshot(first), first).ConfigureAwait(false);
            backend.NotifyCompleted(first.CheckpointId);
            Fill(backend, "t", 50, seed: 2);
            cut = RowsOf(backend, "s", "t");
            var request = bed.NextRequest(CheckpointKind.Savepoint) with { Format = SavepointFormat.Native };
            var snapshot = backend.PrepareSnapshot(request);
            await using (snapshot.ConfigureAwait(false))
            {
                var result = await snapshot.WriteAsync(cancellationToken).ConfigureAwait(false);
                Expect.That(
                    result.Handle is KeyGroupsStateHandle or IncrementalKeyedStateHandle { SharedFiles.Count: 0 },
                    "A savepoint shares no file, in whatever form it is.");
                Expect.Equal(0, result.GivenUp.Count, "Uploads that a savepoint gives up");
                moved = await bed.MoveAsync(result.Handle!, request.ExclusiveFolder, "moved").ConfigureAwait(false);
            }

            // A savepoint is no base, and later checkpoints name nothing of it.
            var next = await bed.SnapshotAsync(backend, basis: first.CheckpointId).ConfigureAwait(false);
            Expect.That(
                !PathsOf(next!).Any(static path => path.StartsWith("saved/", StringComparison.Ordinal)),
                "A checkpoint after a savepoint names no file of it.");
            await ExpectRestoresAsync(bed, next, cut, "s", "t").ConfigureAwait(false);
        }

        await ExpectRestoresAsync(bed, moved, cut, "s", "t").ConfigureAwait(false);
        var restored = await bed.OpenAsync(All, [moved], "s", "t").ConfigureAwait(false);
        await using (restored.ConfigureAwait(false))
        {
            Fill(restored, "s", 10, seed: 3);
            var after = await bed.SnapshotAsync(restored).ConfigureAwait(false);
            await bed.DeleteAsync("moved").ConfigureAwait(false);
            await ExpectRestoresAsync(bed, after, RowsOf(restored, "s", "t"), "s", "t").ConfigureAwait(false);
        }
    }

    public static async Task LeavesNoFileAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 100, seed: 1);
            await backend.PrepareSnapshot(bed.NextRequest()).DisposeAsync().ConfigureAwait(false);
            using var cancelled = new CancellationTokenSource();
            await cancelled.CancelAsync().ConfigureAwait(false);
            var snapshot = backend.PrepareSnapshot(bed.NextRequest());
            await using (snapshot.ConfigureAwait(false))
            {
                try
                {
                    await snapshot.WriteAsync(cancelled.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                }
            }

            var savepoint = bed.NextRequest(CheckpointKind.Savepoint) with { Format = SavepointFormat.Native };
            await backend.PrepareSnapshot(savepoint).DisposeAsync().ConfigureAwait(false);
            var handle = await bed.SnapshotAsync(backend).ConfigureAwait(false);
            await ExpectRestoresAsync(bed, handle, RowsOf(backend, "s"), "s").ConfigureAwait(false);
        }

        foreach (var folder in new[] { "job/chk-1", "job/chk-2", "saved/3" })
        {
            await foreach (var file in setup.Storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
            {
                Expect.That(false, $"A snapshot that was not written left '{file.Path}'.");
            }
        }
    }

    public static async Task RestoresCanonicalAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var other = new BackendTestBed(new(new HeapBackendFactory(), setup.Storage), cancellationToken);
        var backend = await other.OpenAsync("s", "t").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "s", 200, seed: 1);
            Fill(backend, "t", 10, seed: 2);
            var handle = await other.SnapshotAsync(backend).ConfigureAwait(false);
            await ExpectRestoresAsync(
                new(setup, cancellationToken), handle, RowsOf(backend, "s", "t"), "s", "t").ConfigureAwait(false);
        }
    }

    public static async Task LeavesOutUndeclaredAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var backend = await bed.OpenAsync("old", "s").ConfigureAwait(false);
        await using (backend.ConfigureAwait(false))
        {
            Fill(backend, "old", 50, seed: 1);
            Fill(backend, "s", 50, seed: 2);
            var handle = await bed.SnapshotAsync(backend).ConfigureAwait(false);
            var restored = await bed.OpenAsync(All, [handle!], "s", "new").ConfigureAwait(false);
            await using (restored.ConfigureAwait(false))
            {
                Expect.That(
                    restored.RestoredStates.ToHashSet().SetEquals([Describe("old"), Describe("s")]),
                    "RestoredStates are the stored states, declared or not.");
                ExpectRows(Scan(backend.GetTable("s")), Scan(restored.GetTable("s")), "Rows of the declared state");
                Expect.Equal(0, Scan(restored.GetTable("new")).Count, "Rows of the new state");
                var again = await bed.SnapshotAsync(restored).ConfigureAwait(false);
                var last = await bed.OpenAsync(All, [again!], "old").ConfigureAwait(false);
                await using (last.ConfigureAwait(false))
                {
                    Expect.Equal(0, Scan(last.GetTable("old")).Count, "Rows of the state that was left behind");
                }
            }
        }
    }

    /// <summary>Puts random rows in all key groups, some of them over others.</summary>
    internal static void Fill(KeyedStateBackend backend, string state, int count, int seed)
    {
        var random = new Random(seed);
        var table = backend.GetTable(state);
        for (var i = 0; i < count; i++)
        {
            var value = new byte[random.Next(40)];
            random.NextBytes(value);
            var keyGroup = random.Next(backend.Range.First, backend.Range.Last + 1);
            table.Put(Row(keyGroup, [(byte)random.Next(256)], (byte)random.Next(4)), value);
        }
    }

    /// <summary>Rows by state.</summary>
    internal static List<List<(byte[], byte[])>> RowsOf(KeyedStateBackend backend, params string[] states) =>
        [.. states.Select(state => Scan(backend.GetTable(state)))];

    internal static async Task ExpectRestoresAsync(
        BackendTestBed bed, KeyedStateHandle? handle, List<List<(byte[], byte[])>> expected, params string[] states)
    {
        var restored = await bed.OpenAsync(All, handle is null ? [] : [handle], states).ConfigureAwait(false);
        await using (restored.ConfigureAwait(false))
        {
            for (var i = 0; i < states.Length; i++)
            {
                ExpectRows(expected[i], Scan(restored.GetTable(states[i])), $"Restored state '{states[i]}'");
            }
        }
    }

    private static IEnumerable<string> PathsOf(KeyedStateHandle handle)
    {
        IEnumerable<StreamStateHandle> streams = handle switch
        {
            KeyGroupsStateHandle full => [full.Stream],
            IncrementalKeyedStateHandle incremental =>
            [
                incremental.MetaFile, .. incremental.SharedFiles.Items.Select(static file => file.Handle),
                .. incremental.PrivateFiles.Items.Select(static file => file.Handle),
            ],
            _ => [],
        };
        return streams.OfType<FileStateHandle>().Select(static file => file.Path);
    }
}
