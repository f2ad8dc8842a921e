using System.Buffers.Binary;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Mutators that know records of version 1001. All but one seal the file again.</summary>
internal static class NativeMutators
{
    // Deeper than readers go.
    private const int DeepestNesting = 24;
    private const int KeyGroupsStream = 0x8305;

    /// <summary>Numbers and bytes changed anywhere behind the header.</summary>
    internal static byte[] ChangeFields(FuzzRandom random, FuzzCorpus corpus)
    {
        var content = Content(random, corpus);
        for (var changes = random.Between(0, 3); changes > 0 && content.Length > NativeRecords.HeaderBytes; changes--)
        {
            var at = random.Between(NativeRecords.HeaderBytes, content.Length - 1);
            switch (random.Below(4))
            {
                case 0 when at + sizeof(int) <= content.Length:
                    BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(at), (int)random.Boundary());
                    break;
                case 1 when at + sizeof(int) <= content.Length:
                    var most = (content.Length - at) / random.Pick([1, 6, 8, 10]);
                    BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(at), most + random.Between(-1, 1));
                    break;
                case 2:
                    content[at] = random.Pick<byte>([0, 1, 2, 3, 0x7F, 0x80, 0xED, 0xFF]);
                    break;
                default:
                    content[at] = (byte)random.Next();
                    break;
            }
        }

        return NativeRecords.Seal(content);
    }

    /// <summary>Tags and lengths of records, not mended around them.</summary>
    internal static byte[] ChangeRecordHeaders(FuzzRandom random, FuzzCorpus corpus)
    {
        var content = Content(random, corpus);
        var records = NativeRecords.Find(content);
        for (var changes = random.Between(1, 3); changes > 0 && records.Count > 0; changes--)
        {
            var record = random.Pick<int>([.. records]);
            var tag = content.AsSpan(record, sizeof(ushort));
            var length = content.AsSpan(record + sizeof(ushort), sizeof(int));
            switch (random.Below(4))
            {
                case 0:
                    content.AsSpan(random.Pick<int>([.. records]), sizeof(ushort)).CopyTo(tag);
                    break;
                case 1:
                    tag[0] = (byte)random.Below(9);
                    break;
                case 2:
                    // Another group, or the same as an optional one.
                    tag[1] = random.OneIn(2) ? (byte)(tag[1] & 0x7F) : (byte)random.Between(0x80, 0x8A);
                    break;
                default:
                    var old = BinaryPrimitives.ReadInt32LittleEndian(length);
                    var lie = random.OneIn(3) ? (int)random.Boundary() : old + random.Between(-3, 3);
                    BinaryPrimitives.WriteInt32LittleEndian(length, lie);
                    break;
            }
        }

        return NativeRecords.Seal(content);
    }

    /// <summary>Records twice, gone, from another file, emptied, cut or new, with all lengths around them
    /// right.</summary>
    internal static byte[] MoveRecords(FuzzRandom random, FuzzCorpus corpus)
    {
        var content = Content(random, corpus);
        for (var changes = random.Between(1, 3); changes > 0; changes--)
        {
            var records = NativeRecords.Find(content);
            if (records.Count == 0)
            {
                break;
            }

            var at = random.Pick<int>([.. records]);
            var record = NativeRecords.At(content, at).ToArray();
            byte[] by = random.Below(6) switch
            {
                0 => [.. record, .. record],
                1 => [],
                2 => AnyRecord(random, corpus) ?? record,
                3 => [.. record, .. NativeRecords.Make(random.Pick([0, 7, 0x7FFF, 0x8FFF, 0xFFFF]), random.Bytes(3))],
                4 => NativeRecords.Make(
                    record[0] | (record[1] << 8), record.AsSpan(6, random.Below(record.Length - 6))),
                _ => [.. record, .. AnyRecord(random, corpus) ?? []],
            };
            content = NativeRecords.Replace(content, records, at, record.Length, by);
        }

        return NativeRecords.Seal(content);
    }

    /// <summary>A stream wrapped in key groups, again and again.</summary>
    internal static byte[] Nest(FuzzRandom random, FuzzCorpus corpus)
    {
        var content = Content(random, corpus);
        var records = NativeRecords.Find(content);
        int[] streams = [.. records.Where(at => content[at + 1] == KeyGroupsStream >> 8)];
        if (streams.Length == 0)
        {
            return NativeRecords.Seal(content);
        }

        var stream = random.Pick<int>(streams);
        var record = NativeRecords.At(content, stream).ToArray();
        var nested = record;
        for (var depth = random.Between(1, DeepestNesting); depth > 0; depth--)
        {
            nested = NativeRecords.Make(KeyGroupsStream, [0, 0, 0, 0, .. nested]);
        }

        return NativeRecords.Seal(NativeRecords.Replace(content, records, stream, record.Length, nested));
    }

    /// <summary>Very many records, or very much behind the start of one, with all lengths around it right.</summary>
    internal static byte[] Flood(FuzzRandom random, FuzzCorpus corpus)
    {
        var content = Content(random, corpus);
        var records = NativeRecords.Find(content);
        if (records.Count == 0)
        {
            return NativeRecords.Seal(content);
        }

        var at = random.Pick<int>([.. records]);
        var record = NativeRecords.At(content, at).ToArray();
        if (random.OneIn(2))
        {
            ReadOnlySpan<byte> unit = random.OneIn(2) ? record : NativeRecords.Make(random.Pick([0, 1, 0x7FFF]), []);
            return NativeRecords.Seal(NativeRecords.Replace(
                content, records, at, record.Length, BlindMutators.Repeat(unit, random)));
        }

        // The number that begins most lists is somewhere in what stays of the record.
        var kept = record.AsSpan(6, random.Below(Math.Min(record.Length - 6, 60) + 1)).ToArray();
        var flood = BlindMutators.Repeat(random.OneIn(2) ? new byte[1] : random.Bytes(random.Between(1, 8)), random);
        if (kept.Length >= sizeof(int))
        {
            BinaryPrimitives.WriteInt32LittleEndian(
                kept.AsSpan(kept.Length - sizeof(int)), flood.Length / random.Pick([1, 4, 6, 8, 9, 10, 12, 14]));
        }

        byte[] flooded = NativeRecords.Make(record[0] | (record[1] << 8), [.. kept, .. flood]);
        return NativeRecords.Seal(NativeRecords.Replace(content, records, at, record.Length, flooded));
    }

    /// <summary>Any change that leaves the trailer as it was, or changes the trailer alone.</summary>
    internal static byte[] LeaveUnsealed(FuzzRandom random, FuzzCorpus corpus)
    {
        var bytes = (byte[])random.Pick<FuzzSeed>(corpus.Native).Bytes.Clone();
        var from = random.OneIn(3) ? Math.Max(0, bytes.Length - NativeRecords.TrailerBytes) : 0;
        for (var changes = random.Between(1, 3); changes > 0; changes--)
        {
            bytes[random.Between(from, bytes.Length - 1)] ^= (byte)random.Between(1, 255);
        }

        return bytes;
    }

    private static byte[] Content(FuzzRandom random, FuzzCorpus corpus) => NativeRecords.Open(
        (random.OneIn(2) ? FuzzCorpus.MakeNative(random) : null)
        ?? (byte[])random.Pick<FuzzSeed>(corpus.Native).Bytes.Clone());

    private static byte[]? AnyRecord(FuzzRandom random, FuzzCorpus corpus)
    {
        var content = Content(random, corpus);
        var records = NativeRecords.Find(content);
        return records.Count == 0 ? null : NativeRecords.At(content, random.Pick<int>([.. records])).ToArray();
    }
}
