using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>A keyed state whose values were written by an older serializer, or with stamps where none are declared, or
/// the other way, and are rewritten in one pass.</summary>
/// <param name="Descriptor">The state as it is declared.</param>
/// <param name="Stored">Who wrote the values.</param>
/// <param name="IsStamped">Whether stored values are stamped.</param>
/// <param name="Now">The stamp of values that had none, milliseconds since 1970-01-01 UTC.</param>
internal sealed record StateMigration(StateDescriptor Descriptor, SerializerIdentity Stored, bool IsStamped, long Now)
{
    private readonly bool _rewrites = Stored != Descriptor.Value.Identity;

    /// <summary>Rewrites all values, key group by key group: a table may not be written during a scan.</summary>
    /// <returns>How many rows were rewritten.</returns>
    /// <exception cref="CheckpointCorruptException">A value is not of the serializer that is said to have written
    /// it.</exception>
    internal long Run(
        KeyedStateTable table, KeyGroupRange range, string operatorName, CancellationToken cancellationToken)
    {
        var count = 0L;
        var prefix = new ArrayBufferWriter<byte>();
        for (var keyGroup = range.First; keyGroup <= range.Last; keyGroup++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            prefix.ResetWrittenCount();
            KeyedRowKey.WriteKeyGroup(keyGroup, prefix);
            List<(byte[] Key, byte[] Value)> rows = [];
            using (var cursor = table.Scan(prefix.WrittenSpan))
            {
                while (cursor.MoveNext())
                {
                    rows.Add((cursor.Key.ToArray(), Rewrite(cursor.Value, operatorName)));
                }
            }

            foreach (var (key, value) in rows)
            {
                table.Put(key, value);
            }

            count += rows.Count;
        }

        return count;
    }

    private byte[] Rewrite(ReadOnlySpan<byte> stored, string operatorName)
    {
        var target = new ArrayBufferWriter<byte>();
        if (Descriptor.Kind != StateKind.List)
        {
            RewriteValue(stored, target, operatorName);
            return target.WrittenSpan.ToArray();
        }

        var element = new ArrayBufferWriter<byte>();
        while (!stored.IsEmpty)
        {
            element.ResetWrittenCount();
            RewriteValue(StoredValue.TakePart(ref stored, operatorName, Descriptor.Name), element, operatorName);
            KeyedRowKey.WritePart(element.WrittenSpan, target);
        }

        return target.WrittenSpan.ToArray();
    }

    private void RewriteValue(ReadOnlySpan<byte> stored, ArrayBufferWriter<byte> target, string operatorName)
    {
        var stamp = Now;
        if (IsStamped)
        {
            stamp = StateExpiry.ReadStamp(StoredValue.CheckStamped(stored, operatorName, Descriptor.Name));
            stored = stored[StateExpiry.StampSize..];
        }

        if (Descriptor.TimeToLive is not null)
        {
            StateExpiry.WriteStamp(stamp, target);
        }

        if (_rewrites)
        {
            Descriptor.Value.Rewrite(stored, Stored, target, operatorName, Descriptor.Name);
        }
        else
        {
            target.Write(stored);
        }
    }
}
