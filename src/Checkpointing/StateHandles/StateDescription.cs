using System.Globalization;

namespace Checkpointing.StateHandles;

/// <summary>The kinds of state; stored, so the numbers are frozen.</summary>
public enum StateKind
{
    /// <summary>One value a key.</summary>
    Value = 1,

    /// <summary>A list a key.</summary>
    List = 2,

    /// <summary>A map a key.</summary>
    Map = 3,

    /// <summary>One value a key, folded from elements of the same type.</summary>
    Reducing = 4,

    /// <summary>An accumulator a key.</summary>
    Aggregating = 5,

    /// <summary>Timers.</summary>
    Timer = 6,

    /// <summary>A list of the operator, of no key.</summary>
    OperatorList = 7,

    /// <summary>A map of the operator, of no key, of which every subtask holds the same copy.</summary>
    Broadcast = 8,
}

/// <summary>Which serializer wrote stored bytes.</summary>
/// <param name="Id">Stable name, for example <c>int64</c> or <c>example.totals</c>; 1 to 200 characters.</param>
/// <param name="Version">At least 1.</param>
/// <param name="SchemaFingerprint">Changes when the layout does; 0 if the serializer has none.</param>
public sealed record SerializerIdentity(string Id, int Version, long SchemaFingerprint = 0)
{
    /// <summary>For example <c>'example.totals' version 2</c>.</summary>
    public override string ToString() =>
        $"'{Id}' version {Version}"
        + (SchemaFingerprint == 0 ? "" : $" (schema {SchemaFingerprint.ToString("x", CultureInfo.InvariantCulture)})");
}

/// <summary>A state as it was stored: what restore checks the program's declaration against.</summary>
/// <param name="Name">Name of the state, unique within its operator.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Key">Serializer of the key; null for operator state.</param>
/// <param name="Namespace">Serializer of the namespace; null without.</param>
/// <param name="UserKey">Serializer of the keys of a map or broadcast map; null for other kinds.</param>
/// <param name="Value">Serializer of values, elements or accumulators; null for timers.</param>
public sealed record StateDescription(
    string Name,
    StateKind Kind,
    SerializerIdentity? Key,
    SerializerIdentity? Namespace,
    SerializerIdentity? UserKey,
    SerializerIdentity? Value)
{
    /// <summary>Whether each value, or each element of a list, has the time of its write in front: the state was
    /// declared with a time to live. Never for timers and operator lists.</summary>
    public bool IsStamped { get; init; }

    /// <summary>What a newer library added; empty as a rule.</summary>
    public ValueList<OpaqueRecord> UnknownRecords { get; init; }
}
