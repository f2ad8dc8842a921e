using System.Buffers.Binary;
using Checkpointing.StateHandles;

namespace Checkpointing.Torture.Cluster;

/// <summary>A file of a <see cref="RowBackend"/>: rows by key; a row without a value says that the key is
/// gone.</summary>
internal sealed class RowFile(string name, IReadOnlyList<(int Key, long? Value)> rows)
{
    private const int RowBytes = 13;

    /// <summary>Local name.</summary>
    public string Name { get; } = name;

    public IReadOnlyList<(int Key, long? Value)> Rows { get; } = rows;

    /// <summary>Where it is stored; null while it is not.</summary>
    public FileStateHandle? Upload { get; set; }

    /// <summary>Whether a message has named the upload: from then on only the coordinator may delete it.</summary>
    public bool IsNamed { get; set; }

    /// <summary>Whether the upload is somebody else's, and is to be copied before it is referred to.</summary>
    public bool MustCopy { get; set; }

    public byte[] Encode()
    {
        var bytes = new byte[Rows.Count * RowBytes];
        for (var i = 0; i < Rows.Count; i++)
        {
            var row = bytes.AsSpan(i * RowBytes);
            BinaryPrimitives.WriteInt32LittleEndian(row, Rows[i].Key);
            row[4] = (byte)(Rows[i].Value is null ? 0 : 1);
            BinaryPrimitives.WriteInt64LittleEndian(row[5..], Rows[i].Value ?? 0);
        }

        return bytes;
    }

    public static List<(int Key, long? Value)> Decode(ReadOnlySpan<byte> bytes)
    {
        var rows = new List<(int, long?)>(bytes.Length / RowBytes);
        for (; bytes.Length >= RowBytes; bytes = bytes[RowBytes..])
        {
            rows.Add((
                BinaryPrimitives.ReadInt32LittleEndian(bytes),
                bytes[4] == 0 ? null : BinaryPrimitives.ReadInt64LittleEndian(bytes[5..])));
        }

        return rows;
    }
}
