namespace Checkpointing.State.Serializers;

/// <summary>Finds built-in serializers by type. No reflection: the list is walked once a type.</summary>
internal static class BuiltInSerializers
{
    internal static StateSerializer<T>? Find<T>() => Cache<T>.Found;

    private static IEnumerable<StateSerializer> All()
    {
        StateSerializer[] single =
        [
            StateSerializer.Boolean, StateSerializer.Byte, StateSerializer.Int16, StateSerializer.Int32,
            StateSerializer.Int64, StateSerializer.UInt32, StateSerializer.UInt64, StateSerializer.Single,
            StateSerializer.Double, StateSerializer.Decimal, StateSerializer.String, StateSerializer.Guid,
            StateSerializer.DateTime, StateSerializer.DateTimeOffset, StateSerializer.TimeSpan,
            StateSerializer.Timestamp, StateSerializer.Bytes,
        ];

        // An array of bytes is missing on purpose: Bytes is the serializer of byte[].
        StateSerializer[] arrays =
        [
            StateSerializer.Array(StateSerializer.Boolean), StateSerializer.Array(StateSerializer.Int16),
            StateSerializer.Array(StateSerializer.Int32), StateSerializer.Array(StateSerializer.Int64),
            StateSerializer.Array(StateSerializer.UInt32), StateSerializer.Array(StateSerializer.UInt64),
            StateSerializer.Array(StateSerializer.Single), StateSerializer.Array(StateSerializer.Double),
            StateSerializer.Array(StateSerializer.Decimal), StateSerializer.Array(StateSerializer.String),
            StateSerializer.Array(StateSerializer.Guid), StateSerializer.Array(StateSerializer.DateTime),
            StateSerializer.Array(StateSerializer.DateTimeOffset), StateSerializer.Array(StateSerializer.TimeSpan),
            StateSerializer.Array(StateSerializer.Timestamp), StateSerializer.Array(StateSerializer.Bytes),
        ];
        return [.. single, .. arrays];
    }

    private static class Cache<T>
    {
        internal static readonly StateSerializer<T>? Found = All().OfType<StateSerializer<T>>().FirstOrDefault();
    }
}
