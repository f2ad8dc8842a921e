using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <summary>What one checkpoint has that another has not.</summary>
/// <param name="Added">Files of the second only.</param>
/// <param name="Dropped">Files of the first only.</param>
/// <param name="Common">Files of both.</param>
/// <param name="Operators">Operators whose states, parallelism or presence differ.</param>
public sealed record CheckpointDifference(
    IReadOnlyList<CheckpointFile> Added,
    IReadOnlyList<CheckpointFile> Dropped,
    IReadOnlyList<CheckpointFile> Common,
    IReadOnlyList<OperatorDifference> Operators)
{
    /// <summary>Whether both name the same files and the same states.</summary>
    public bool IsEmpty => Added.Count == 0 && Dropped.Count == 0 && Operators.Count == 0;

    /// <summary>Compares two checkpoints. A file is the same if its path is.</summary>
    /// <param name="first">The first.</param>
    /// <param name="firstFolder">Its folder, which relative paths are below.</param>
    /// <param name="second">The second.</param>
    /// <param name="secondFolder">Its folder.</param>
    public static CheckpointDifference Between(
        CheckpointMetadata first, string firstFolder, CheckpointMetadata second, string secondFolder)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var before = CheckpointFile.Of(first, firstFolder).DistinctBy(static file => file.Path).ToList();
        var after = CheckpointFile.Of(second, secondFolder).DistinctBy(static file => file.Path).ToList();
        var (old, present) = (before.Select(static file => file.Path).ToHashSet(),
            after.Select(static file => file.Path).ToHashSet());
        return new(
            [.. after.Where(file => !old.Contains(file.Path))],
            [.. before.Where(file => !present.Contains(file.Path))],
            [.. after.Where(file => old.Contains(file.Path))],
            [.. CompareOperators(first, second)]);
    }

    private static IEnumerable<OperatorDifference> CompareOperators(
        CheckpointMetadata first, CheckpointMetadata second)
    {
        // A damaged or foreign file may name an operator twice.
        var old = first.Operators.DistinctBy(static one => one.Id).ToDictionary(static one => one.Id);
        var present = second.Operators.DistinctBy(static one => one.Id).ToDictionary(static one => one.Id);
        return old.Keys.Union(present.Keys).Select(id => OperatorDifference.Between(
            old.GetValueOrDefault(id), present.GetValueOrDefault(id))).OfType<OperatorDifference>();
    }
}

/// <summary>How an operator differs between two checkpoints.</summary>
/// <param name="Operator">Its name, or its id where it has none.</param>
/// <param name="FirstParallelism">Number of subtasks in the first; null if it is not in it.</param>
/// <param name="SecondParallelism">Number of subtasks in the second; null if it is not in it.</param>
/// <param name="AddedStates">Names of states of the second only.</param>
/// <param name="DroppedStates">Names of states of the first only.</param>
/// <param name="ChangedStates">Names of states of another kind or of other serializers.</param>
public sealed record OperatorDifference(
    string Operator,
    int? FirstParallelism,
    int? SecondParallelism,
    ValueList<string> AddedStates,
    ValueList<string> DroppedStates,
    ValueList<string> ChangedStates)
{
    internal static OperatorDifference? Between(OperatorCheckpoint? first, OperatorCheckpoint? second)
    {
        var (old, present) = (StatesOf(first), StatesOf(second));
        var difference = new OperatorDifference(
            second?.Name ?? first?.Name ?? (second ?? first)!.Id.ToString(),
            first?.Parallelism,
            second?.Parallelism,
            present.Keys.Except(old.Keys).ToValueList(),
            old.Keys.Except(present.Keys).ToValueList(),
            present.Where(state => old.TryGetValue(state.Key, out var before) && before != state.Value)
                .Select(static state => state.Key).ToValueList());
        return difference is { AddedStates.Count: 0, DroppedStates.Count: 0, ChangedStates.Count: 0 }
            && difference.FirstParallelism == difference.SecondParallelism ? null : difference;
    }

    private static Dictionary<string, StateDescription> StatesOf(OperatorCheckpoint? one) =>
        (one?.States ?? []).DistinctBy(static state => state.Name).ToDictionary(static state => state.Name);
}
