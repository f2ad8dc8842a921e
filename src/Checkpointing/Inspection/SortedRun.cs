using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>A row that is to go into a savepoint.</summary>
/// <param name="State">Index of its state.</param>
/// <param name="Key">The row's key, with the key group in front.</param>
/// <param name="Value">Its value.</param>
/// <param name="Number">Rows are numbered as they come.</param>
internal sealed record SavepointRow(int State, byte[] Key, byte[] Value, long Number) : IComparable<SavepointRow>
{
    private const int Overhead = 96;

    /// <summary>What it takes in memory, about.</summary>
    public long MemoryBytes => Key.Length + Value.Length + Overhead;

    /// <summary>Whether it is the same row of the same state.</summary>
    public bool IsSameAs(SavepointRow other) => State == other.State && Key.AsSpan().SequenceEqual(other.Key);

    /// <summary>By key group, state, key, and as they came.</summary>
    public int CompareTo(SavepointRow? other)
    {
        const int GroupSize = Checkpointing.State.KeyedRowKey.KeyGroupSize;
        if (other is null)
        {
            return 1;
        }

        var byGroup = Key.AsSpan(0, GroupSize).SequenceCompareTo(other.Key.AsSpan(0, GroupSize));
        return byGroup != 0 ? byGroup
            : State != other.State ? State.CompareTo(other.State)
            : Key.AsSpan().SequenceCompareTo(other.Key) is var byKey and not 0 ? byKey
            : Number.CompareTo(other.Number);
    }
}

/// <summary>Sorted rows in a file of their own, until they are merged.</summary>
internal static class SortedRun
{
    private const int HeadSize = 3 * sizeof(int) + sizeof(long);
    private const int FlushSize = 1 << 20;

    /// <summary>Writes a run. Its name is no promise: it goes with the writer.</summary>
    public static async ValueTask WriteAsync(
        ICheckpointStorage storage, string path, IAsyncEnumerable<SavepointRow> rows,
            CancellationToken cancellationToken)
    {
        var file = await storage.CreateAsync(path, cancellationToken).ConfigureAwait(false);
        await using (file.ConfigureAwait(false))
        {
            var buffer = new ArrayBufferWriter<byte>(2 * FlushSize);
            await foreach (var row in rows.ConfigureAwait(false))
            {
                Append(row, buffer);
                if (buffer.WrittenCount >= FlushSize)
                {
                    await file.WriteAsync(buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
                    buffer.ResetWrittenCount();
                }
            }

            await file.WriteAsync(buffer.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await file.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads a run.</summary>
    public static async IAsyncEnumerable<SavepointRow> ReadAsync(
        ICheckpointStorage storage,
        string path,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = await storage.OpenReadAsync(path, 0, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffered = new BufferedStream(stream, 128 * 1024);
            await using (buffered.ConfigureAwait(false))
            {
                var head = new byte[HeadSize];
                while (await buffered.ReadAtLeastAsync(head, HeadSize, throwOnEndOfStream: false, cancellationToken)
                    .ConfigureAwait(false) == HeadSize)
                {
                    var key = new byte[BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4))];
                    var value = new byte[BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8))];
                    await buffered.ReadExactlyAsync(key, cancellationToken).ConfigureAwait(false);
                    await buffered.ReadExactlyAsync(value, cancellationToken).ConfigureAwait(false);
                    yield return new(
                        BinaryPrimitives.ReadInt32LittleEndian(head), key, value,
                        BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(12)));
                }
            }
        }
    }

    private static void Append(SavepointRow row, ArrayBufferWriter<byte> buffer)
    {
        var head = buffer.GetSpan(HeadSize);
        BinaryPrimitives.WriteInt32LittleEndian(head, row.State);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], row.Key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], row.Value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(head[12..], row.Number);
        buffer.Advance(HeadSize);
        buffer.Write(row.Key);
        buffer.Write(row.Value);
    }
}
