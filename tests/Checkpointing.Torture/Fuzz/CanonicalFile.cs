using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Torture.Fuzz;

/// <summary>A canonical snapshot in pieces that can be changed and sealed again, so that a change lies behind a right
/// digest. As an input: the offsets of the handle, then the file.</summary>
internal sealed class CanonicalFile
{
    /// <summary>Key groups of all inputs.</summary>
    internal static readonly KeyGroupRange Range = new(0, 3);

    /// <summary>Bytes of the offsets.</summary>
    internal static readonly int OffsetsBytes = Range.Count * sizeof(long);

    // As docs/file-format.md says; the library's own constants are not asked.
    private const long RightMagic = 0x53574F5254504B43;
    private const int RightVersion = 1;
    private const int FixedHeadBytes = 16;

    private static readonly StateDescription[] s_states =
    [
        new("first", StateKind.Value, new("string", 1), null, null, new("int64", 1)),
        new("second", StateKind.Map, new("string", 1), new("int32", 1), new("string", 1), new("x", 3, 0x1234)),
    ];

    /// <summary>The eight bytes that it begins with.</summary>
    internal long Magic { get; set; } = RightMagic;

    /// <summary>Version of the format.</summary>
    internal int Version { get; set; } = RightVersion;

    /// <summary>Descriptions of the states.</summary>
    internal required byte[] Descriptions { get; set; }

    /// <summary>Key group and chunks of each block, in the order of the file.</summary>
    internal required List<(int KeyGroup, List<byte[]> Chunks)> Blocks { get; init; }

    /// <summary>Inputs that are right.</summary>
    internal static IEnumerable<FuzzSeed> Made()
    {
        for (ulong i = 0; i < 24; i++)
        {
            yield return new($"made/canonical-{i}", Make(new(i, 1)).ToInput());
        }
    }

    /// <summary>A file with rows by chance.</summary>
    internal static CanonicalFile Make(FuzzRandom random)
    {
        var descriptions = new ArrayBufferWriter<byte>();
        StateDescriptionSerializer.Write(s_states, descriptions);
        var file = new CanonicalFile { Descriptions = descriptions.WrittenSpan.ToArray(), Blocks = [] };
        for (var group = Range.First; group <= Range.Last; group++)
        {
            if (random.OneIn(4))
            {
                continue;
            }

            var chunks = new List<byte[]>();
            for (var left = random.Between(1, 3); left > 0; left--)
            {
                chunks.Add(MakeRows(random, group));
            }

            file.Blocks.Add((group, chunks));
        }

        return file;
    }

    /// <summary>The input, with right digests and offsets.</summary>
    internal byte[] ToInput()
    {
        var bytes = new List<byte>(new byte[OffsetsBytes]);
        var head = new byte[FixedHeadBytes];
        BinaryPrimitives.WriteInt64LittleEndian(head, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), Descriptions.Length);
        bytes.AddRange(head);
        bytes.AddRange(Descriptions);
        bytes.AddRange(XxHash128.Hash([.. head, .. Descriptions]));
        var offsets = new long[Range.Count];
        foreach (var (group, chunks) in Blocks)
        {
            offsets[(uint)group % (uint)Range.Count] = bytes.Count - OffsetsBytes;
            AddBlock(bytes, group, chunks);
        }

        var input = bytes.ToArray();
        for (var i = 0; i < offsets.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(i * sizeof(long)), offsets[i]);
        }

        return input;
    }

    private static void AddBlock(List<byte> bytes, int group, List<byte[]> chunks)
    {
        var hash = new XxHash128();
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, group);
        hash.Append(number);
        foreach (var chunk in chunks.Append([]))
        {
            BinaryPrimitives.WriteInt32LittleEndian(number, chunk.Length);
            hash.Append(number);
            hash.Append(chunk);
            var digest = hash.GetCurrentHash();
            bytes.AddRange(number);
            bytes.AddRange(chunk);
            bytes.AddRange(digest);
            hash.Append(digest);
        }
    }

    private static byte[] MakeRows(FuzzRandom random, int group)
    {
        var rows = new ArrayBufferWriter<byte>();
        for (var left = random.Between(1, 5); left > 0; left--)
        {
            var key = new ArrayBufferWriter<byte>();
            KeyedRowKey.WriteKeyGroup(group, key);
            KeyedRowKey.WritePart(random.Bytes(random.Between(0, 12)), key);
            KeyedRowKey.WritePart([], key);
            rows.Write([(byte)random.Below(s_states.Length)]);
            KeyedRowKey.WritePart(key.WrittenSpan, rows);
            KeyedRowKey.WritePart(random.Bytes(random.Below(20)), rows);
        }

        return rows.WrittenSpan.ToArray();
    }
}
