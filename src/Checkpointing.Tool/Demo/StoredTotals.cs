using Checkpointing.Inspection;
using Checkpointing.State;
using Checkpointing.Storage;

namespace Checkpointing.Tool.Demo;

/// <summary>The totals as a checkpoint holds them, read as any other process could.</summary>
internal static class StoredTotals
{
    /// <summary>Reads the totals of all airports, all passes together, by name (ordinal).</summary>
    /// <param name="storage">Where the checkpoint is.</param>
    /// <param name="path">The checkpoint.</param>
    /// <param name="backend">A backend that can read what it was taken of.</param>
    /// <param name="cancellationToken">Observed between two rows.</param>
    /// <exception cref="CheckpointingException">The checkpoint cannot be read.</exception>
    public static async Task<IReadOnlyList<OriginReport>> ReadAsync(
        ICheckpointStorage storage, string path, IKeyedStateBackendFactory backend, CancellationToken cancellationToken)
    {
        var reader = await CheckpointReader.OpenAsync(storage, path, backend, cancellationToken).ConfigureAwait(false);
        var entries = reader.ReadAsync(
            FlightsJob.TotalsName, OriginKey.Serializer, FlightsJob.Totals, cancellationToken);
        var totals = new Dictionary<string, OriginTotals>(StringComparer.Ordinal);
        await foreach (var entry in entries.ConfigureAwait(false))
        {
            totals[entry.Key.Origin] = totals.GetValueOrDefault(entry.Key.Origin, OriginTotals.None).Add(entry.Value);
        }

        return
        [
            .. totals.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => new OriginReport(
                pair.Key, pair.Value.Flights, pair.Value.DelayMinutes, pair.Value.MaxDelayMinutes)),
        ];
    }
}
