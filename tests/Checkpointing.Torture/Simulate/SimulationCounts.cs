namespace Checkpointing.Torture.Simulate;

/// <summary>What happened in simulations.</summary>
internal sealed class SimulationCounts
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    internal IEnumerable<KeyValuePair<string, long>> All => _counts;

    internal void Add(string name, long count = 1) => _counts[name] = _counts.GetValueOrDefault(name) + count;

    internal void Add(SimulationCounts other)
    {
        foreach (var (name, count) in other._counts)
        {
            Add(name, count);
        }
    }
}
