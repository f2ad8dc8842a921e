using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>The stream of a subtask's operator state.</summary>
/// <remarks>Magic (8 bytes), version (int32), digest of all that follows, descriptions of the states
/// (<see cref="StateDescriptionSerializer"/>), then the items: length (int32) and bytes. Where items begin say the
/// offsets
/// of the handle's partitions. Numbers are little-endian, the digest is big-endian.</remarks>
internal static class OperatorStateFormat
{
    /// <summary>"CKPTOPER" in the file's order of bytes.</summary>
    private const long Magic = 0x5245504F54504B43;
    private const int Version = 1;
    private const int DigestOffset = 12;
    private const int HeadSize = DigestOffset + ContentDigest.Size;

    /// <summary>Writes states into one stream.</summary>
    internal static (byte[] Stream, ValueList<OperatorStatePartition> Partitions) Write(
        IReadOnlyList<(StateDescription State, OperatorStateMode Mode, IOperatorStateSnapshot Items)> operatorStates)
    {
        var target = new ArrayBufferWriter<byte>();
        StateSerializer.Int64.Write(Magic, target);
        StateSerializer.Int32.Write(Version, target);
        target.GetSpan(ContentDigest.Size)[..ContentDigest.Size].Clear();
        target.Advance(ContentDigest.Size);
        StateDescriptionSerializer.Write([.. operatorStates.Select(static one => one.State)], target);
        List<OperatorStatePartition> partitions = [];
        var item = new ArrayBufferWriter<byte>();
        foreach (var (state, mode, items) in operatorStates)
        {
            var offsets = new long[items.Count];
            for (var i = 0; i < offsets.Length; i++)
            {
                offsets[i] = target.WrittenCount;
                item.ResetWrittenCount();
                items.WriteItem(i, item);
                StateSerializer.Int32.Write(item.WrittenCount, target);
                target.Write(item.WrittenSpan);
            }

            partitions.Add(new(state.Name, mode, [.. offsets]));
        }

        var stream = target.WrittenSpan.ToArray();
        var digest = ContentDigest.Of(stream.AsSpan(HeadSize));
        BinaryPrimitives.WriteUInt128BigEndian(stream.AsSpan(DigestOffset), digest.Value);
        return (stream, [.. partitions]);
    }

    /// <summary>Verifies a stream and reads its descriptions.</summary>
    /// <returns>The descriptions, and where items begin.</returns>
    /// <exception cref="CheckpointCorruptException">The stream is damaged.</exception>
    /// <exception cref="UnsupportedFormatException">It is of another version or system.</exception>
    internal static (IReadOnlyList<StateDescription> States, int ItemsOffset) ReadHead(
        ReadOnlySpan<byte> stream, string path)
    {
        if (stream.Length < HeadSize)
        {
            throw new CheckpointCorruptException(
                path, stream.Length, "the head of an operator state", "the end of the file");
        }

        if (BinaryPrimitives.ReadInt64LittleEndian(stream) != Magic
            || BinaryPrimitives.ReadInt32LittleEndian(stream[8..]) != Version)
        {
            throw new UnsupportedFormatException(
                path, "operator state of another system or version", $"version {Version} of this library");
        }

        var stored = BinaryPrimitives.ReadUInt128BigEndian(stream[DigestOffset..]);
        var digest = ContentDigest.Of(stream[HeadSize..]);
        if (digest.Value != stored)
        {
            throw new CheckpointCorruptException(
                path, DigestOffset, $"digest {digest}", $"{new ContentDigest(stored)}");
        }

        try
        {
            var states = StateDescriptionSerializer.Read(stream[HeadSize..], out var items);
            return (states, stream.Length - items.Length);
        }
        catch (FormatException e)
        {
            throw new CheckpointCorruptException(path, HeadSize, "descriptions of states", "other bytes", null, e);
        }
    }

    /// <summary>The bytes of one item.</summary>
    /// <exception cref="CheckpointCorruptException">There is no item at the offset.</exception>
    internal static ReadOnlySpan<byte> ReadItem(ReadOnlySpan<byte> stream, int itemsOffset, long offset, string path)
    {
        if (offset < itemsOffset || offset > stream.Length - sizeof(int)
            || BinaryPrimitives.ReadInt32LittleEndian(stream[(int)offset..]) is var length
            && (length < 0 || length > stream.Length - offset - sizeof(int)))
        {
            throw new CheckpointCorruptException(
                path, offset, string.Create(CultureInfo.InvariantCulture, $"an item within {stream.Length} bytes"),
                "none");
        }

        return stream.Slice((int)offset + sizeof(int), BinaryPrimitives.ReadInt32LittleEndian(stream[(int)offset..]));
    }
}
