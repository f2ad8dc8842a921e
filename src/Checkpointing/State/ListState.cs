using System.Buffers;

namespace Checkpointing.State;

/// <summary>A list of the current key. Adding does not read what is there.</summary>
/// <remarks>All members need a key scope (else <see cref="InvalidOperationException"/>); one caller at a time. A list
/// without
/// elements and no list are the same. Stored as one row: the elements, each behind its length.</remarks>
public sealed class ListState<T>
{
    private readonly KeyedStateAccess _access;
    private readonly StateSerializer<T> _serializer;
    private readonly ArrayBufferWriter<byte> _element = new();
    private readonly ArrayBufferWriter<byte> _elements = new();

    internal ListState(KeyedStateAccess access, StateSerializer<T> serializer) =>
        (_access, _serializer) = (access, serializer);

    /// <summary>Whether there is no element.</summary>
    public bool IsEmpty => !_access.HasElements(_access.Prefix());

    /// <summary>Appends an element.</summary>
    public void Add(T element)
    {
        _elements.ResetWrittenCount();
        Encode(element);
        _access.AppendStored(_access.Prefix(), _elements.WrittenSpan);
    }

    /// <summary>Appends elements.</summary>
    public void AddRange(IEnumerable<T> elements)
    {
        EncodeAll(elements);
        if (_elements.WrittenCount > 0)
        {
            _access.AppendStored(_access.Prefix(), _elements.WrittenSpan);
        }
    }

    /// <summary>Takes these elements instead.</summary>
    public void Replace(IEnumerable<T> elements)
    {
        EncodeAll(elements);
        if (_elements.WrittenCount > 0)
        {
            _access.PutStored(_access.Prefix(), _elements.WrittenSpan);
        }
        else
        {
            Clear();
        }
    }

    /// <summary>Removes all elements.</summary>
    public void Clear() => _access.Delete(_access.Prefix());

    /// <summary>The elements, copied.</summary>
    public IReadOnlyList<T> ToList()
    {
        List<T> elements = [];
        foreach (var element in this)
        {
            elements.Add(element);
        }

        return elements;
    }

    /// <summary>Walks over the elements in the order in which they were added, those that are live when it begins.
    /// Until disposed, changing the list throws.</summary>
    public Enumerator GetEnumerator()
    {
        var buffer = _access.BeginRead(_access.Prefix());
        return new(_access, _serializer, buffer);
    }

    private void EncodeAll(IEnumerable<T> elements)
    {
        ArgumentNullException.ThrowIfNull(elements);
        _elements.ResetWrittenCount();
        foreach (var element in elements)
        {
            Encode(element);
        }
    }

    private void Encode(T element)
    {
        _element.ResetWrittenCount();
        _access.WriteStamp(_element);
        _serializer.Write(element, _element);
        KeyedRowKey.WritePart(_element.WrittenSpan, _elements);
    }

    /// <summary>Walks over a list.</summary>
    public ref struct Enumerator : IDisposable
    {
        private readonly KeyedStateAccess _access;
        private readonly StateSerializer<T> _serializer;
        private ArrayBufferWriter<byte>? _buffer;
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(KeyedStateAccess access, StateSerializer<T> serializer, ArrayBufferWriter<byte> buffer)
        {
            (_access, _serializer, _buffer) = (access, serializer, buffer);
            _rest = buffer.WrittenSpan;
            Current = default!;
        }

        /// <summary>The current element.</summary>
        public T Current { get; private set; }

        /// <summary>Moves to the next element.</summary>
        /// <exception cref="CheckpointCorruptException">The stored bytes are no such element.</exception>
        public bool MoveNext()
        {
            if (_buffer is null || _rest.IsEmpty)
            {
                return false;
            }

            Current = _access.Decode(_serializer, _access.TakePart(ref _rest));
            if (_access.IsObserved)
            {
                _access.Observe(_access.Prefix(), Current, _serializer);
            }

            return true;
        }

        /// <summary>Ends the enumeration.</summary>
        public void Dispose()
        {
            if (_buffer is { } buffer)
            {
                _buffer = null;
                _access.EndRead(buffer);
            }
        }
    }
}
