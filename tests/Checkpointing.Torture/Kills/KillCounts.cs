namespace Checkpointing.Torture.Kills;

/// <summary>What happened, by name.</summary>
/// <remarks>Safe for concurrent calls.</remarks>
internal sealed class KillCounts
{
    internal const string OutputDifferences = "output differences";
    internal const string StateDifferences = "state differences";
    internal const string Orphans = "orphans";
    internal const string Leftovers = "parts and databases left over";
    internal const string Broken = "promises broken";
    internal const string Lost = "reported checkpoints lost";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>All so far; a copy.</summary>
    internal SortedDictionary<string, long> All
    {
        get
        {
            lock (_lock)
            {
                return new(_counts, StringComparer.Ordinal);
            }
        }
    }

    internal void Add(string name, long count = 1)
    {
        lock (_lock)
        {
            _counts[name] = _counts.GetValueOrDefault(name) + count;
        }
    }

    internal void Add(IEnumerable<KeyValuePair<string, long>> others)
    {
        foreach (var (name, count) in others)
        {
            Add(name, count);
        }
    }
}
