using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Bytes of a <see cref="Catalogue"/>, version 1.</summary>
/// <remarks>
/// <para>All little-endian; a text or key is a 32-bit length and its bytes (UTF-8).</para>
/// <code>
/// magic "CKRDBCAT" (8) | version = 1 (4)
/// backend id (16) | first, last key group (4 + 4) | checkpoint id (8) | sequence (8) | levels (4) | comparator
/// descriptions of the states (StateDescriptionSerializer); for each: column family | merge operator | files (4)
/// files (4): each state index (4) | level (4) | smallest key | largest key | smallest, largest sequence (8 + 8)
///             | size (8) | entries (8) | deletions (8) | digest (16) | stored key | local name
/// length of all before (8) | XxHash128 of all before, the length included (16)
/// </code>
/// </remarks>
internal static class CatalogueFormat
{
    internal const int Version = 1;
    internal const int TrailerSize = sizeof(long) + ContentDigest.Size;
    internal const string Comparator = "leveldb.BytewiseComparator";

    /// <summary>Smallest bytes of a file: what a count is held against before anything is reserved.</summary>
    internal const int MinFileSize = 4 + 4 + 4 + 4 + 8 + 8 + 8 + 8 + 8 + 16 + 4 + 4;

    internal static ReadOnlySpan<byte> Magic => "CKRDBCAT"u8;

    /// <summary>Encodes a catalogue.</summary>
    internal static byte[] Write(Catalogue catalogue)
    {
        var target = new ArrayBufferWriter<byte>(4096);
        target.Write(Magic);
        WriteInt32(target, Version);
        var id = target.GetSpan(16);
        catalogue.BackendId.TryWriteBytes(id);
        target.Advance(16);
        WriteInt32(target, catalogue.Range.First);
        WriteInt32(target, catalogue.Range.Last);
        WriteInt64(target, catalogue.CheckpointId.Value);
        WriteInt64(target, (long)catalogue.Sequence);
        WriteInt32(target, catalogue.LevelCount);
        WriteText(target, Comparator);

        StateDescriptionSerializer.Write([.. catalogue.States.Select(static state => state.Description)], target);
        var stateIndexes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var state in catalogue.States)
        {
            stateIndexes.Add(state.ColumnFamily, stateIndexes.Count);
            WriteText(target, state.ColumnFamily);
            WriteText(target, state.MergeOperator);
            WriteInt32(target, state.FileCount);
        }

        WriteInt32(target, catalogue.Files.Count);
        foreach (var file in catalogue.Files)
        {
            WriteFile(target, file, stateIndexes[file.File.ColumnFamily]);
        }

        WriteInt64(target, target.WrittenCount);
        var digest = ContentDigest.Of(target.WrittenSpan);
        BinaryPrimitives.WriteUInt128LittleEndian(target.GetSpan(ContentDigest.Size), digest.Value);
        target.Advance(ContentDigest.Size);
        return target.WrittenSpan.ToArray();
    }

    private static void WriteFile(ArrayBufferWriter<byte> target, CatalogueFile record, int stateIndex)
    {
        var file = record.File;
        WriteInt32(target, stateIndex);
        WriteInt32(target, file.Level);
        WriteBytes(target, file.SmallestKey);
        WriteBytes(target, file.LargestKey);
        WriteInt64(target, (long)file.SmallestSequence);
        WriteInt64(target, (long)file.LargestSequence);
        WriteInt64(target, file.SizeBytes);
        WriteInt64(target, (long)file.EntryCount);
        WriteInt64(target, (long)file.DeletionCount);
        BinaryPrimitives.WriteUInt128LittleEndian(target.GetSpan(ContentDigest.Size), record.Digest.Value);
        target.Advance(ContentDigest.Size);
        WriteText(target, record.StoredKey);
        WriteText(target, file.Name);
    }

    private static void WriteInt32(ArrayBufferWriter<byte> target, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target.GetSpan(sizeof(int)), value);
        target.Advance(sizeof(int));
    }

    private static void WriteInt64(ArrayBufferWriter<byte> target, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), value);
        target.Advance(sizeof(long));
    }

    private static void WriteText(ArrayBufferWriter<byte> target, string text) =>
        WriteBytes(target, Encoding.UTF8.GetBytes(text));

    private static void WriteBytes(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> bytes)
    {
        WriteInt32(target, bytes.Length);
        target.Write(bytes);
    }
}
