using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>What one key has in one state: a value, a list, an entry of a map, or a timer.</summary>
/// <param name="State">The state; null: a timer.</param>
/// <param name="KeyGroup">The key's group.</param>
/// <param name="KeyText">The key, for messages.</param>
/// <param name="Key">The key.</param>
/// <param name="Namespace">The namespace; empty without.</param>
/// <param name="UserKey">Key of a map's entry; of a timer its time and clock.</param>
/// <param name="Value">What is stored.</param>
internal sealed record KeyedRow(
    StateDescriptor? State, int KeyGroup, string? KeyText, byte[] Key, byte[] Namespace, byte[] UserKey, byte[] Value)
{
    /// <summary>Equal for the same row of two runs.</summary>
    public string Id =>
        $"{State?.Name}/{Convert.ToHexString(Key)}/{Convert.ToHexString(Namespace)}/{Convert.ToHexString(UserKey)}";

    /// <summary>Where it is, for messages.</summary>
    public string Place
    {
        get
        {
            var within = Namespace.Length == 0 ? ""
                : $" in namespace {State?.Namespace?.ReadBoxed(Namespace) ?? Convert.ToHexString(Namespace)}";
            return State is null
                ? $"Timer of {TimerStateDescriptor.DomainOf(UserKey)} "
                    + $"{StateSerializer.Timestamp.Read(TimerStateDescriptor.TimeOf(UserKey))} of key '{KeyText}'"
                    + within
                : $"State '{State.Name}' of key '{KeyText}'{within}"
                    + (State.UserKey is { } serializer ? $", entry '{serializer.ReadBoxed(UserKey)}'" : "");
        }
    }

    /// <summary>What is stored, for messages.</summary>
    public string Text => State is null ? "registered" : string.Join(", ", Values());

    public static KeyedRow OfTimer<TKey>(byte[] row, StateSerializer<TKey> keySerializer)
    {
        var key = KeyedRowKey.ReadPart(row.AsSpan(KeyedRowKey.KeyGroupSize), out var rest);
        var space = KeyedRowKey.ReadPart(rest, out var userKey);
        return new(
            null, KeyedRowKey.ReadKeyGroup(row), keySerializer.Read(key)?.ToString(), key.ToArray(), space.ToArray(),
            userKey.ToArray(), []);
    }

    /// <summary>Whether two runs have the same there: the same bytes, or equal values.</summary>
    public bool HasValueOf(KeyedRow other) =>
        Value.AsSpan().SequenceEqual(other.Value) || Values().SequenceEqual(other.Values());

    private List<object?> Values()
    {
        if (State is null)
        {
            return [];
        }

        if (State.Kind != StateHandles.StateKind.List)
        {
            return [State.Value.ReadBoxed(Value)];
        }

        List<object?> elements = [];
        for (ReadOnlySpan<byte> rest = Value; !rest.IsEmpty;)
        {
            elements.Add(State.Value.ReadBoxed(KeyedRowKey.ReadPart(rest, out rest)));
        }

        return elements;
    }
}
