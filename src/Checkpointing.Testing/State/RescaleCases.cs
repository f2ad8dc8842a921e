using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using static Checkpointing.Testing.State.BackendTestBed;

namespace Checkpointing.Testing.State;

/// <summary>Cases about restoring at another parallelism.</summary>
internal static class RescaleCases
{
    private static readonly (
        int Old, int New)[] Pairs = [(1, 2), (2, 1), (1, 12), (12, 1), (2, 3), (3, 2), (4, 3), (5, 5)];

    internal static IEnumerable<ConformanceCase<KeyedStateBackendSetup>> All { get; } = Pairs.Select(
        static pair => new ConformanceCase<KeyedStateBackendSetup>(
            $"from {pair.Old} to {pair.New} subtasks every key group keeps its rows",
            (setup, cancellationToken) => RescalesAsync(setup, [pair.Old, pair.New], cancellationToken)));

    public static Task RescalesTwiceAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken) =>
        RescalesAsync(setup, [2, 3, 1, 4], cancellationToken);

    private static async Task RescalesAsync(
        KeyedStateBackendSetup setup, int[] parallelisms, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var (expected, handles) = await WriteAsync(bed, parallelisms[0]).ConfigureAwait(false);
        foreach (var parallelism in parallelisms.Skip(1))
        {
            List<KeyedStateBackend> backends = [];
            List<(byte[] Key, byte[] Value)> found = [];
            for (var subtask = 0; subtask < parallelism; subtask++)
            {
                var range = KeyGroupAssignment.RangeOf(subtask, parallelism, MaxParallelism);
                var backend = await bed.OpenAsync(range, handles, "s").ConfigureAwait(false);
                backends.Add(backend);
                var rows = Scan(backend.GetTable("s"));
                Expect.That(
                    rows.All(row => range.Contains(KeyedRowKey.ReadKeyGroup(row.Key))),
                    $"A backend of {range} has rows of its key groups only.");
                found.AddRange(rows);
            }

            ExpectRows(expected, found, $"All rows at parallelism {parallelism}");
            handles = await bed.SnapshotAllAsync(backends).ConfigureAwait(false);
            foreach (var backend in backends)
            {
                await backend.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task<(
        List<(byte[] Key, byte[] Value)> Rows, IReadOnlyList<KeyedStateHandle> Handles)> WriteAsync(
        BackendTestBed bed, int parallelism)
    {
        List<(byte[] Key, byte[] Value)> rows = [];
        List<KeyedStateHandle> handles = [];
        for (var subtask = 0; subtask < parallelism; subtask++)
        {
            var range = KeyGroupAssignment.RangeOf(subtask, parallelism, MaxParallelism);
            var backend = await bed.OpenAsync(range, [], "s").ConfigureAwait(false);
            await using (backend.ConfigureAwait(false))
            {
                SnapshotCases.Fill(backend, "s", 120, seed: subtask);
                rows.AddRange(Scan(backend.GetTable("s")));
                handles.AddRange(await bed.SnapshotAllAsync([backend]).ConfigureAwait(false));
            }
        }

        return (rows, handles);
    }
}
