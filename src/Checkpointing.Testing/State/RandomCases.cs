using Checkpointing.KeyGroups;
using Checkpointing.State;
using static Checkpointing.Testing.State.BackendTestBed;

namespace Checkpointing.Testing.State;

/// <summary>Cases that run random steps beside a sorted dictionary.</summary>
internal static class RandomCases
{
    private const int Steps = 1500;

    internal static IEnumerable<ConformanceCase<KeyedStateBackendSetup>> All { get; } = Enumerable.Range(1, 4).Select(
        static seed => new ConformanceCase<KeyedStateBackendSetup>(
            $"random steps with seed {seed} equal a sorted dictionary",
            (setup, cancellationToken) => RunAsync(setup, seed, cancellationToken)));

    private static async Task RunAsync(KeyedStateBackendSetup setup, int seed, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        var random = new Random(seed);
        var model = new SortedDictionary<byte[], byte[]>(
            Comparer<byte[]>.Create(static (left, right) => left.AsSpan().SequenceCompareTo(right)));
        var backend = await bed.OpenAsync("s").ConfigureAwait(false);
        CheckpointId? basis = null;
        for (var step = 0; step < Steps; step++)
        {
            if (random.Next(300) > 0)
            {
                Apply(backend.GetTable("s"), model, random, step);
                continue;
            }

            var request = bed.NextRequest(basis: basis);
            var handle = await bed.WriteAsync(backend.PrepareSnapshot(request), request).ConfigureAwait(false);
            if (random.Next(3) > 0)
            {
                backend.NotifyCompleted(request.CheckpointId);
                basis = request.CheckpointId;
            }

            if (random.Next(3) == 0)
            {
                await backend.DisposeAsync().ConfigureAwait(false);
                backend = await bed.OpenAsync(KeyGroupRange.All(MaxParallelism), handle is null ? [] : [handle], "s")
                    .ConfigureAwait(false);
                basis = null;
            }

            ExpectModel(backend.GetTable("s"), model, [], step);
        }

        ExpectModel(backend.GetTable("s"), model, [], Steps);
        await backend.DisposeAsync().ConfigureAwait(false);
    }

    private static void Apply(
        KeyedStateTable table, SortedDictionary<byte[], byte[]> model, Random random, int step)
    {
        byte[] mapKey = random.Next(4) == 0 ? [0xFF, (byte)random.Next(3)] : [(byte)random.Next(3)];
        var row = Row(random.Next(MaxParallelism), [(byte)random.Next(6)], mapKey);
        var value = new byte[random.Next(20)];
        random.NextBytes(value);
        switch (random.Next(10))
        {
            case < 4:
                table.Put(row, value);
                model[row] = value;
                break;
            case < 6:
                table.Append(row, value);
                model[row] = [.. model.GetValueOrDefault(row, []), .. value];
                break;
            case < 8:
                table.Delete(row);
                model.Remove(row);
                break;
            case 8:
                Expect.SameBytes(
                    model.GetValueOrDefault(row, [0xAA]), Get(table, row) ?? [0xAA], $"Value of a row at step {step}");
                break;
            default:
                ExpectModel(table, model, row[..random.Next(row.Length + 1)], step);
                break;
        }
    }

    private static void ExpectModel(
        KeyedStateTable table, SortedDictionary<byte[], byte[]> model, byte[] prefix, int step) => ExpectRows(
            [.. model.Where(row => row.Key.AsSpan().StartsWith(prefix)).Select(static row => (row.Key, row.Value))],
            Scan(table, prefix), $"Rows of prefix {Convert.ToHexString(prefix)} at step {step}");
}
