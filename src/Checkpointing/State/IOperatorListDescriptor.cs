using System.Buffers;
using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Makes the list of its type.</summary>
internal interface IOperatorListDescriptor
{
    IStoredOperatorList NewList(string operatorName);
}

/// <summary>A list of the operator, whatever its type.</summary>
internal interface IStoredOperatorList
{
    StateDescriptor Descriptor { get; }

    OperatorStateMode Mode { get; }

    /// <summary>Adds a stored item.</summary>
    void AddStored(ReadOnlySpan<byte> item, SerializerIdentity stored);

    /// <summary>The items as they are now, whatever happens to the list afterwards.</summary>
    IOperatorListSnapshot TakeSnapshot();
}

/// <summary>Items of a list at one moment.</summary>
internal interface IOperatorListSnapshot
{
    int Count { get; }

    void WriteItem(int index, IBufferWriter<byte> target);
}
