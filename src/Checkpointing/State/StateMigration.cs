using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>A keyed state whose values were written by an older serializer and are rewritten in one pass.</summary>
internal sealed record StateMigration(StateDescriptor Descriptor, SerializerIdentity Stored)
{
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

    private byte[] Rewrite(ReadOnlySpan<byte> value, string operatorName)
    {
        var target = new ArrayBufferWriter<byte>();
        if (Descriptor.Kind != StateKind.List)
        {
            Descriptor.Value.Rewrite(value, Stored, target, operatorName, Descriptor.Name);
            return target.WrittenSpan.ToArray();
        }

        var element = new ArrayBufferWriter<byte>();
        while (!value.IsEmpty)
        {
            element.ResetWrittenCount();
            Descriptor.Value.Rewrite(
                StoredValue.TakePart(ref value, operatorName, Descriptor.Name), Stored, element, operatorName,
                Descriptor.Name);
            KeyedRowKey.WritePart(element.WrittenSpan, target);
        }

        return target.WrittenSpan.ToArray();
    }
}
