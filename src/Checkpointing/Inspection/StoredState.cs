using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <summary>A state in a checkpoint, as the metadata describes it.</summary>
/// <param name="Operator">Name of the operator, or its id where the format keeps no name.</param>
/// <param name="Description">Name, kind and serializers.</param>
public sealed record StoredState(string Operator, StateDescription Description)
{
    /// <summary>Its name.</summary>
    public string Name => Description.Name;

    /// <summary>Its kind.</summary>
    public StateKind Kind => Description.Kind;

    /// <summary>Serializer of its values; null for timers.</summary>
    public SerializerIdentity? Serializer => Description.Value;

    /// <summary>Bytes behind the handles of the operator that may hold it; states of one operator share
    /// files.</summary>
    public long OperatorBytes { get; init; }
}

/// <summary>How much of a state there is: every row was read.</summary>
/// <param name="State">The state.</param>
/// <param name="Rows">Rows; items of an operator list.</param>
/// <param name="Bytes">Bytes of their keys and values as they are stored in rows, uncompressed.</param>
public sealed record StateMeasure(StoredState State, long Rows, long Bytes);
