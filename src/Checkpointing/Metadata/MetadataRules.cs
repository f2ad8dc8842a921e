using Checkpointing.KeyGroups;
using Checkpointing.Metadata.Flink.Properties;
using Checkpointing.StateHandles;

namespace Checkpointing.Metadata;

/// <summary>What holds for the content of every format. Readers and writers ask here, so that nothing is written that
/// cannot be read.</summary>
internal static class MetadataRules
{
    /// <summary>Says what is wrong with the numbers of an operator; null if nothing is.</summary>
    internal static string? ProblemWithParallelism(int parallelism, int maxParallelism) =>
        maxParallelism is < 1 or > KeyGroupAssignment.MaxParallelismLimit
            ? $"max parallelism {maxParallelism}"
            : parallelism < 1 || parallelism > maxParallelism
                ? $"parallelism {parallelism} with max parallelism {maxParallelism}"
                : null;

    /// <summary>Whether a path stays below the folder that it is relative to.</summary>
    internal static bool IsRelativePath(string path)
    {
        if (path.Length == 0 || path[0] == '/')
        {
            return false;
        }

        foreach (var segment in path.AsSpan().Split('/'))
        {
            if (path.AsSpan()[segment] is "..")
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Refuses content that no format can hold.</summary>
    /// <exception cref="UnsupportedFormatException">The content breaks a rule; the message names it.</exception>
    internal static void Check(CheckpointMetadata metadata, string path)
    {
        if (metadata.CheckpointId.Value < 0)
        {
            throw new UnsupportedFormatException(path, $"checkpoint id {metadata.CheckpointId}", "ids from 0");
        }

        if (metadata.FlinkProperties is { } properties
            && FlinkPropertiesSerializer.ProblemWith(properties, path) is { } damage)
        {
            throw new UnsupportedFormatException(
                path, $"properties of Flink's with {damage}", "one object as Java serializes it");
        }

        foreach (var one in metadata.Operators)
        {
            if (ProblemWithParallelism(one.Parallelism, one.MaxParallelism) is { } problem)
            {
                throw new UnsupportedFormatException(
                    path,
                    $"operator {one.Name ?? one.Id.ToString()} with {problem}",
                    $"parallelism 1 to max parallelism, max parallelism 1 to {KeyGroupAssignment.MaxParallelismLimit}");
            }

            if (FindBadSubtask(one.Subtasks.Items.AsSpan(), one.Parallelism) is { } subtask)
            {
                throw new UnsupportedFormatException(
                    path,
                    $"operator {one.Name ?? one.Id.ToString()} with {subtask}",
                    $"each index from 0 to {one.Parallelism - 1} once");
            }

            if (ProblemWithFinished(one) is { } finished)
            {
                throw new UnsupportedFormatException(
                    path, $"operator {one.Name ?? one.Id.ToString()} with {finished}", "finished ones without state");
            }
        }
    }

    /// <summary>Says what an operator or subtask that has finished still has; null if nothing.</summary>
    internal static string? ProblemWithFinished(OperatorCheckpoint one)
    {
        if (one.IsFullyFinished && (one.Subtasks.Count > 0 || one.CoordinatorState is not null))
        {
            return "state although all of it has finished";
        }

        foreach (var subtask in one.Subtasks)
        {
            if (subtask.IsFinished && (subtask.Handles.Any() || subtask.ReferenceCheckpointId is not null))
            {
                return $"state in subtask {subtask.Index}, which has finished";
            }
        }

        return null;
    }

    /// <summary>Says which subtask is outside its operator or there twice; null if none is.</summary>
    internal static string? FindBadSubtask(ReadOnlySpan<SubtaskCheckpoint> subtasks, int parallelism)
    {
        HashSet<int>? seen = null;
        for (var i = 0; i < subtasks.Length; i++)
        {
            var index = subtasks[i].Index;
            if (index < 0 || index >= parallelism)
            {
                return $"subtask {index} of {parallelism}";
            }

            // Stored order is ascending as a rule; only other orders pay for a set.
            if (seen is null && i > 0 && index <= subtasks[i - 1].Index)
            {
                seen = new(i + 1);
                for (var j = 0; j < i; j++)
                {
                    seen.Add(subtasks[j].Index);
                }
            }

            if (seen is not null && !seen.Add(index))
            {
                return $"subtask {index} twice";
            }
        }

        return null;
    }
}
