using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Torture.Cluster;

/// <summary>What all subtasks had at the cut of one checkpoint.</summary>
internal sealed class ClusterCut
{
    private readonly Dictionary<int, long> _rows = [];
    private readonly HashSet<(string Operator, int Index)> _subtasks = [];

    internal void Add(SubtaskAddress subtask, IReadOnlyDictionary<int, long> rows)
    {
        _subtasks.Add((subtask.Operator, subtask.Index));
        foreach (var (key, value) in rows)
        {
            _rows[key] = value;
        }
    }

    /// <summary>What differs; null if nothing does.</summary>
    internal string? FindDifference(
        CompletedCheckpoint checkpoint, IEnumerable<IReadOnlyDictionary<int, long>> restored)
    {
        var subtasks = checkpoint.Metadata.Operators.Sum(static o => o.Parallelism);
        if (_subtasks.Count != subtasks)
        {
            return $"{_subtasks.Count} of {subtasks} subtasks were cut.";
        }

        var found = new Dictionary<int, long>();
        foreach (var (key, value) in restored.SelectMany(static rows => rows))
        {
            if (!found.TryAdd(key, value))
            {
                return $"key {key} is in two subtasks.";
            }
        }

        foreach (var (key, value) in _rows)
        {
            if (!found.TryGetValue(key, out var other) || other != value)
            {
                return $"key {key} was {value}, and is {(found.ContainsKey(key) ? other : "gone")}.";
            }
        }

        return found.Count == _rows.Count ? null : $"{found.Count} rows instead of {_rows.Count}.";
    }
}
