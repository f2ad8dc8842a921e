using System.Security.Cryptography;
using Checkpointing.Metadata;
using Checkpointing.StateHandles;

namespace Checkpointing.Tests.Metadata.Flink;

/// <summary>Shows read metadata under the names that the JSON beside the generated files has: objects as dictionaries,
/// lists as arrays, texts, numbers, booleans and null.</summary>
internal static class FlinkProjection
{
    private const int LongestHexBytes = 64;

    internal static Dictionary<string, object?> Of(CheckpointMetadata metadata, MetadataFormat format)
    {
        var result = new Dictionary<string, object?>
        {
            ["version"] = (long)format,
            ["checkpointId"] = metadata.CheckpointId.Value,
            ["masterStates"] = Each(metadata.MasterStates, static state => new()
            {
                ["version"] = (long)state.Version,
                ["name"] = state.Name,
                ["data"] = Data(state.Data),
            }),
            ["operators"] = Each(metadata.Operators, one => Of(one, format)),
        };
        if (format >= MetadataFormat.FlinkV4)
        {
            result["properties"] = Of(metadata.FlinkProperties);
        }

        return result;
    }

    private static Dictionary<string, object?> Of(OperatorCheckpoint one, MetadataFormat format)
    {
        var result = new Dictionary<string, object?>
        {
            ["id"] = one.Id.ToString(),
            ["parallelism"] = (long)one.Parallelism,
            ["maxParallelism"] = (long)one.MaxParallelism,
            ["subtasks"] = Each(one.Subtasks, subtask => Of(subtask, format)),
        };
        if (format >= MetadataFormat.FlinkV3)
        {
            result["coordinator"] = Of(one.CoordinatorState);
            result["fullyFinished"] = one.IsFullyFinished;
        }

        if (format >= MetadataFormat.FlinkV5)
        {
            result["name"] = one.Name ?? "";
            result["uid"] = one.Uid ?? "";
        }

        return result;
    }

    private static Dictionary<string, object?> Of(SubtaskCheckpoint subtask, MetadataFormat format)
    {
        var result = new Dictionary<string, object?> { ["index"] = (long)subtask.Index };
        if (format >= MetadataFormat.FlinkV3)
        {
            result["finished"] = subtask.IsFinished;
            if (subtask.IsFinished)
            {
                subtask.Handles.Should().BeEmpty();
                return result;
            }

            result["inputChannels"] = Each(subtask.InputChannels, static channel => Of(channel, isInput: true));
            result["outputChannels"] = Each(subtask.OutputChannels, static channel => Of(channel, isInput: false));
        }
        else
        {
            result["legacy"] = Of(subtask.Legacy);
        }

        result["managedOperator"] = Of(subtask.ManagedOperator);
        result["rawOperator"] = Of(subtask.RawOperator);
        result["managedKeyed"] = Of(subtask.ManagedKeyed);
        result["rawKeyed"] = Of(subtask.RawKeyed);
        return result;
    }

    private static Dictionary<string, object?> Of(ChannelStateHandle handle, bool isInput)
    {
        var result = new Dictionary<string, object?>
        {
            ["subtask"] = (long)handle.SubtaskIndex,
            ["size"] = handle.ChannelSizeBytes,
            ["delegate"] = Of(handle.Stream),
        };
        switch (handle.Channels)
        {
            case SingleChannel channel:
                result["kind"] = isInput ? "input" : "output";
                result["type"] = isInput ? 1L : 2L;
                result["gateOrPartition"] = (long)channel.GateOrPartition;
                result["channelOrSubpartition"] = (long)channel.ChannelOrSubpartition;
                result["offsets"] = Numbers(channel.Offsets);
                break;
            case MergedChannels channels:
                result["kind"] = isInput ? "mergedInput" : "mergedOutput";
                result["type"] = isInput ? 3L : 4L;
                result["packed"] = Data(channels.Packed);
                break;
        }

        return result;
    }

    private static Dictionary<string, object?>? Of(OperatorStateHandle? handle)
    {
        if (handle is null)
        {
            return null;
        }

        var result = new Dictionary<string, object?>
        {
            ["kind"] = handle.MergedFiles is null ? "operator" : "fileMergingOperator",
            ["tag"] = handle.MergedFiles is null ? 4L : 17L,
            ["states"] = Each(handle.Partitions, static partition => new()
            {
                ["name"] = partition.Name,
                ["mode"] = (long)partition.Mode,
                ["offsets"] = Numbers(partition.Offsets),
            }),
            ["delegate"] = Of(handle.Stream),
        };
        if (handle.MergedFiles is { } merged)
        {
            result["taskOwnedDir"] = merged.TaskOwnedFolder;
            result["sharedDir"] = merged.SharedFolder;
            result["isEmpty"] = merged.IsEmpty;
        }

        return result;
    }

    private static Dictionary<string, object?>? Of(KeyedStateHandle? handle)
    {
        var result = handle switch
        {
            null => null,
            KeyGroupsStateHandle groups => Of(groups),
            IncrementalKeyedStateHandle incremental => Of(incremental),
            ChangelogStateHandle changelog => Of(changelog),
            InMemoryChangelogStateHandle changes => Of(changes),
            ChangelogFilesStateHandle files => Of(files),
            _ => throw new InvalidOperationException($"No name for {handle}."),
        };
        if (handle is not null)
        {
            result!["startKeyGroup"] = (long)handle.KeyGroups.First;
            result["keyGroupCount"] = (long)handle.KeyGroups.Count;
        }

        return result;
    }

    private static Dictionary<string, object?> Of(KeyGroupsStateHandle groups)
    {
        var result = new Dictionary<string, object?>
        {
            ["kind"] = groups.IsSavepoint ? "savepointKeyGroups" : "keyGroups",
            ["tag"] = groups.IsSavepoint ? 7L : groups.HandleId is null ? 3L : 12L,
            ["offsets"] = Numbers(groups.Offsets),
            ["delegate"] = Of(groups.Stream),
        };
        if (groups.HandleId is { } id)
        {
            result["handleId"] = id;
        }

        return result;
    }

    private static Dictionary<string, object?> Of(IncrementalKeyedStateHandle handle)
    {
        var result = new Dictionary<string, object?>
        {
            ["kind"] = "incremental",
            ["tag"] = handle.HandleId is null ? 5L : 11L,
            ["checkpointId"] = handle.CheckpointId.Value,
            ["backendId"] = handle.BackendText ?? handle.BackendId.ToString("D"),
            ["meta"] = Of(handle.MetaFile),
            ["shared"] = Each(handle.SharedFiles, Of),
            ["private"] = Each(handle.PrivateFiles, Of),
        };
        if (handle.HandleId is { } id)
        {
            result["checkpointedSize"] = handle.CheckpointedSizeBytes;
            result["handleId"] = id;
        }

        return result;
    }

    private static Dictionary<string, object?> Of(ChangelogStateHandle handle)
    {
        var result = new Dictionary<string, object?>
        {
            ["kind"] = "changelog",
            ["tag"] = handle.CheckpointId is null ? 8L : 14L,
            ["checkpointedSize"] = handle.CheckpointedSizeBytes,
            ["materialized"] = Each(handle.Materialized, static part => Of(part)!),
            ["nonMaterialized"] = Each(handle.Changes, static part => Of(part)!),
            ["materializationId"] = handle.MaterializationId,
            ["handleId"] = handle.HandleId,
        };
        if (handle.CheckpointId is { } id)
        {
            result["checkpointId"] = id.Value;
        }

        return result;
    }

    private static Dictionary<string, object?> Of(InMemoryChangelogStateHandle handle) => new()
    {
        ["kind"] = "changelogMemory",
        ["tag"] = 9L,
        ["from"] = handle.From,
        ["to"] = handle.To,
        ["changes"] = Each(handle.Changes, static change => new()
        {
            ["keyGroup"] = (long)change.KeyGroup,
            ["data"] = Data(change.Data),
        }),
        ["handleId"] = handle.HandleId,
    };

    private static Dictionary<string, object?> Of(ChangelogFilesStateHandle handle)
    {
        var result = new Dictionary<string, object?>
        {
            ["kind"] = "changelogFile",
            ["tag"] = handle.StorageId is null ? 10L : 13L,
            ["streams"] = Each(handle.Streams, static stream => new()
            {
                ["offset"] = stream.Offset,
                ["handle"] = Of(stream.Stream),
            }),
            ["size"] = handle.TotalSizeBytes,
            ["checkpointedSize"] = handle.CheckpointedSizeBytes,
            ["handleId"] = handle.HandleId,
        };
        if (handle.StorageId is { } storage)
        {
            result["storageId"] = storage;
        }

        return result;
    }

    private static Dictionary<string, object?> Of(StateFile file) => new()
    {
        ["name"] = file.LocalName,
        ["handle"] = Of(file.Handle),
    };

    private static Dictionary<string, object?>? Of(StreamStateHandle? handle) => handle switch
    {
        null or AbsentStreamStateHandle => null,
        FileStateHandle file => new()
        {
            ["kind"] = "file",
            ["tag"] = 2L,
            ["path"] = file.Path,
            ["size"] = file.FileSizeBytes,
        },
        RelativeFileStateHandle file => new()
        {
            ["kind"] = "relativeFile",
            ["tag"] = 6L,
            ["relativePath"] = file.RelativePath,
            ["size"] = file.FileSizeBytes,
        },
        ByteStreamStateHandle bytes => new()
        {
            ["kind"] = "bytes",
            ["tag"] = 1L,
            ["name"] = bytes.Name,
            ["data"] = Data(bytes.Data),
        },
        SegmentStateHandle segment => new()
        {
            ["kind"] = "segment",
            ["tag"] = 15L,
            ["startPos"] = segment.StartPosition,
            ["size"] = segment.SegmentSizeBytes,
            ["scope"] = (long)segment.Scope,
            ["path"] = segment.Path,
            ["logicalFileId"] = segment.LogicalFileId,
        },
        EmptySegmentStateHandle => new() { ["kind"] = "emptySegment", ["tag"] = 16L },
        KeyGroupsStreamStateHandle groups => Of((KeyedStateHandle)groups.KeyGroups),
        _ => throw new InvalidOperationException($"No name for {handle}."),
    };

    private static Dictionary<string, object?>? Of(FlinkProperties? properties)
    {
        var values = properties?.Values;
        return properties is null ? null : new()
        {
            ["discardCancelled"] = values!.DiscardCancelled,
            ["discardFailed"] = values.DiscardFailed,
            ["discardFinished"] = values.DiscardFinished,
            ["discardSubsumed"] = values.DiscardSubsumed,
            ["discardSuspended"] = values.DiscardSuspended,
            ["forced"] = values.Forced,
            ["unclaimed"] = values.IsUnclaimed,
            ["type"] = values.Kind switch
            {
                FlinkCheckpointKind kind => new Dictionary<string, object?>
                {
                    ["kind"] = "checkpoint",
                    ["name"] = kind.Name,
                    ["sharing"] = kind.Sharing,
                },
                FlinkSavepointKind kind => new Dictionary<string, object?>
                {
                    ["kind"] = "savepoint",
                    ["name"] = kind.Name,
                    ["format"] = kind.Format,
                    ["postAction"] = kind.PostAction,
                },
                var other => throw new InvalidOperationException($"No name for {other}."),
            },
        };
    }

    private static Dictionary<string, object?> Data(ValueList<byte> data)
    {
        var result = new Dictionary<string, object?>
        {
            ["length"] = (long)data.Count,
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(data.Items.AsSpan())),
        };
        if (data.Count <= LongestHexBytes)
        {
            result["hex"] = Convert.ToHexStringLower(data.Items.AsSpan());
        }

        return result;
    }

    private static object?[] Numbers(ValueList<long> numbers) => [.. numbers.Select(static number => (object?)number)];

    private static object?[] Each<T>(ValueList<T> items, Func<T, Dictionary<string, object?>> project) =>
        [.. items.Select(project)];
}
