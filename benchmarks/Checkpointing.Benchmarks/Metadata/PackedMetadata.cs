using Checkpointing.Metadata;
using Checkpointing.StateHandles;
using MessagePack;

namespace Checkpointing.Benchmarks.Metadata;

/// <summary>The content of <see cref="MetadataContent"/> as plain objects for MessagePack: the same texts and numbers,
/// and one object where the model has one. It has no digest of the whole, no unknown records and one kind of handle
/// only, so it does less.</summary>
[MessagePackObject]
public sealed record PackedMetadata(
    [property: Key(0)] long CheckpointId,
    [property: Key(1)] string Job,
    [property: Key(2)] Guid JobUid,
    [property: Key(3)] Guid LineageId,
    [property: Key(4)] long Epoch,
    [property: Key(5)] byte Kind,
    [property: Key(6)] byte Retention,
    [property: Key(7)] long TriggeredAtMs,
    [property: Key(8)] long CompletedAtMs,
    [property: Key(9)] PackedOperator[] Operators)
{
    /// <summary>The same content.</summary>
    public static PackedMetadata Of(CheckpointMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var info = metadata.Info!;
        return new(
            metadata.CheckpointId.Value, info.Job.Name, info.JobUid, info.LineageId, info.Epoch,
            (byte)info.Properties.Kind, (byte)info.Properties.Retention,
            info.TriggeredAt.ToUnixTimeMilliseconds(), info.CompletedAt.ToUnixTimeMilliseconds(),
            [.. metadata.Operators.Select(PackedOperator.Of)]);
    }
}

/// <summary>An operator.</summary>
[MessagePackObject]
public sealed record PackedOperator(
    [property: Key(0)] byte[] Id,
    [property: Key(1)] string? Name,
    [property: Key(2)] int Parallelism,
    [property: Key(3)] int MaxParallelism,
    [property: Key(4)] PackedSubtask[] Subtasks)
{
    /// <summary>The same content.</summary>
    public static PackedOperator Of(OperatorCheckpoint one)
    {
        ArgumentNullException.ThrowIfNull(one);
        var id = new byte[OperatorId.Size];
        one.Id.Write(id);
        return new(
            id, one.Name, one.Parallelism, one.MaxParallelism, [.. one.Subtasks.Select(PackedSubtask.Of)]);
    }
}

/// <summary>A subtask.</summary>
[MessagePackObject]
public sealed record PackedSubtask(
    [property: Key(0)] int Index,
    [property: Key(1)] PackedIncremental? ManagedKeyed)
{
    /// <summary>The same content.</summary>
    public static PackedSubtask Of(SubtaskCheckpoint subtask)
    {
        ArgumentNullException.ThrowIfNull(subtask);
        return new(subtask.Index, PackedIncremental.Of((IncrementalKeyedStateHandle)subtask.ManagedKeyed!));
    }
}

/// <summary>Incremental keyed state.</summary>
[MessagePackObject]
public sealed record PackedIncremental(
    [property: Key(0)] Guid BackendId,
    [property: Key(1)] int FirstKeyGroup,
    [property: Key(2)] int LastKeyGroup,
    [property: Key(3)] long CheckpointId,
    [property: Key(4)] PackedStateFile[] SharedFiles,
    [property: Key(5)] PackedStateFile[] PrivateFiles,
    [property: Key(6)] PackedFile MetaFile,
    [property: Key(7)] long CheckpointedSizeBytes)
{
    /// <summary>The same content.</summary>
    public static PackedIncremental Of(IncrementalKeyedStateHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return new(
            handle.BackendId, handle.Range.First, handle.Range.Last, handle.CheckpointId.Value,
            [.. handle.SharedFiles.Select(PackedStateFile.Of)], [.. handle.PrivateFiles.Select(PackedStateFile.Of)],
            PackedFile.Of(handle.MetaFile), handle.CheckpointedSizeBytes);
    }
}

/// <summary>A file of incremental keyed state.</summary>
[MessagePackObject]
public sealed record PackedStateFile([property: Key(0)] string LocalName, [property: Key(1)] PackedFile Handle)
{
    /// <summary>The same content.</summary>
    public static PackedStateFile Of(StateFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new(file.LocalName, PackedFile.Of(file.Handle));
    }
}

/// <summary>A file with its digest as 16 bytes.</summary>
[MessagePackObject]
public sealed record PackedFile(
    [property: Key(0)] string Path, [property: Key(1)] long SizeBytes, [property: Key(2)] byte[] Digest)
{
    /// <summary>The same content.</summary>
    public static PackedFile Of(StreamStateHandle handle)
    {
        var file = (FileStateHandle)handle;
        var digest = new byte[ContentDigest.Size];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(digest, file.Digest!.Value.Value);
        return new(file.Path, file.FileSizeBytes, digest);
    }
}
