using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Makes the operator state of its type.</summary>
internal interface IOperatorStateDescriptor
{
    /// <summary>Makes it, empty.</summary>
    /// <param name="operatorName">For messages.</param>
    /// <param name="observer">Sees what passes in and out; null: nobody does.</param>
    IStoredOperatorState NewState(string operatorName, StateObserver? observer);
}

/// <summary>A list or a broadcast map of the operator, whatever its type.</summary>
internal interface IStoredOperatorState
{
    StateDescriptor Descriptor { get; }

    OperatorStateMode Mode { get; }

    /// <summary>Adds a stored item.</summary>
    void AddStored(ReadOnlySpan<byte> item, SerializerIdentity stored);

    /// <summary>The items as they are now, whatever happens to the state afterwards.</summary>
    IOperatorStateSnapshot TakeSnapshot();
}

/// <summary>Items of an operator state at one moment.</summary>
internal interface IOperatorStateSnapshot
{
    int Count { get; }

    void WriteItem(int index, IBufferWriter<byte> target);
}
