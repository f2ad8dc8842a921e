using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>A list of the operator. Items count as immutable.</summary>
/// <remarks>One caller at a time.</remarks>
public sealed class OperatorListState<T> : IStoredOperatorState
{
    private readonly OperatorListStateDescriptor<T> _descriptor;
    private readonly string _operatorName;
    private readonly StateObserver? _observer;
    private List<T> _items = [];
    private bool _isShared;

    internal OperatorListState(
        OperatorListStateDescriptor<T> descriptor, string operatorName, StateObserver? observer) =>
        (_descriptor, _operatorName, _observer) = (descriptor, operatorName, observer);

    /// <summary>The items now; after a restore those that went to this subtask.</summary>
    public IReadOnlyList<T> Items => _observer is null ? _items : HandOut(_observer);

    StateDescriptor IStoredOperatorState.Descriptor => _descriptor;

    OperatorStateMode IStoredOperatorState.Mode =>
        _descriptor.Redistribution == StateRedistribution.Union ? OperatorStateMode.Union : OperatorStateMode.Split;

    /// <summary>Appends an item.</summary>
    public void Add(T item)
    {
        // A snapshot may still be writing the old list.
        if (_isShared)
        {
            _items = [.. _items];
            _isShared = false;
        }

        _items.Add(_observer is null ? item : Copy(item));
    }

    /// <summary>Takes these items instead.</summary>
    public void Replace(IEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _items = _observer is null ? [.. items] : [.. items.Select(Copy)];
        _isShared = false;
        _observer?.Replaced(_descriptor, []);
    }

    void IStoredOperatorState.AddStored(ReadOnlySpan<byte> item, SerializerIdentity stored) =>
        Add(StoredValue.Read(_descriptor.ItemSerializer, item, stored, _operatorName, _descriptor.Name));

    IOperatorStateSnapshot IStoredOperatorState.TakeSnapshot()
    {
        _isShared = true;
        return new Snapshot(_items, _descriptor.ItemSerializer);
    }

    private List<T> HandOut(StateObserver observer)
    {
        var copies = _items.ConvertAll(Copy);
        foreach (var copy in copies)
        {
            observer.HandedOut(_descriptor, [], copy, _descriptor.ItemSerializer);
        }

        return copies;
    }

    private T Copy(T item)
    {
        var bytes = new ArrayBufferWriter<byte>();
        _descriptor.ItemSerializer.Write(item, bytes);
        return _descriptor.ItemSerializer.Read(bytes.WrittenSpan);
    }

    private sealed class Snapshot(List<T> items, StateSerializer<T> serializer) : IOperatorStateSnapshot
    {
        public int Count => items.Count;

        public void WriteItem(int index, IBufferWriter<byte> target) => serializer.Write(items[index], target);
    }
}
