using System.Buffers;
using System.Runtime.CompilerServices;
using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>Objects that state has handed out or taken during a call of the operator's code: finds those that were
/// changed afterwards.</summary>
/// <remarks>An object is told to be changed by the bytes that its serializer makes of it.</remarks>
internal sealed class HandedOutValues : StateObserver
{
    private readonly List<Entry> _entries = [];

    public override void HandedOut<T>(
        StateDescriptor state, ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer) =>
        Add(state, row, value, serializer, wasSet: false);

    public override void Stored<T>(
        StateDescriptor state, ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer)
    {
        Replaced(state, row);
        Add(state, row, value, serializer, wasSet: true);
    }

    public override void Replaced(StateDescriptor state, ReadOnlySpan<byte> row)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].State == state && row.SequenceEqual(_entries[i].Row))
            {
                _entries.RemoveAt(i);
            }
        }
    }

    public void Forget() => _entries.Clear();

    /// <summary>The second half of a sentence about an object that was changed; null if none was.</summary>
    public string? FindChanged()
    {
        var changed = _entries.Find(static entry => entry.HasChanged());
        return changed is null ? null
            : changed.WasSet ? $"had been set in state '{changed.State.Name}' before, and did not set it again."
            : $"state '{changed.State.Name}' had handed out, and did not set it.";
    }

    private void Add<T>(
        StateDescriptor state, ReadOnlySpan<byte> row, T value, StateSerializer<T> serializer, bool wasSet)
    {
        // What holds no reference is a copy wherever it is; a text never changes.
        if (value is not null and not string && RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            _entries.Add(new Entry<T>(state, row.ToArray(), value, serializer, wasSet));
        }
    }

    private abstract class Entry(StateDescriptor state, byte[] row, bool wasSet)
    {
        public StateDescriptor State => state;

        public byte[] Row => row;

        public bool WasSet => wasSet;

        public abstract bool HasChanged();
    }

    private sealed class Entry<T>(
        StateDescriptor state, byte[] row, T value, StateSerializer<T> serializer, bool wasSet)
        : Entry(state, row, wasSet)
    {
        private readonly byte[] _bytes = BytesOf(value, serializer);

        // A serializer may give other bytes each time, as one that encrypts does: of it nothing can be said.
        public override bool HasChanged() =>
            !_bytes.AsSpan().SequenceEqual(BytesOf(value, serializer)) && IsRepeatable();

        private bool IsRepeatable()
        {
            var copy = serializer.Read(_bytes);
            return BytesOf(copy, serializer).AsSpan().SequenceEqual(BytesOf(copy, serializer));
        }

        private static byte[] BytesOf(T value, StateSerializer<T> serializer)
        {
            var bytes = new ArrayBufferWriter<byte>();
            serializer.Write(value, bytes);
            return bytes.WrittenSpan.ToArray();
        }
    }
}
