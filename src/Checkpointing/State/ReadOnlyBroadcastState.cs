using System.Diagnostics.CodeAnalysis;

namespace Checkpointing.State;

/// <summary>A broadcast map as those see it who must not change it.</summary>
/// <remarks>One caller at a time.</remarks>
/// <typeparam name="TKey">Keys of the map.</typeparam>
/// <typeparam name="TValue">Values.</typeparam>
public sealed class ReadOnlyBroadcastState<TKey, TValue>
    where TKey : notnull
{
    private readonly BroadcastState<TKey, TValue> _state;

    internal ReadOnlyBroadcastState(BroadcastState<TKey, TValue> state) => _state = state;

    /// <summary>Number of entries.</summary>
    public int Count => _state.Count;

    /// <summary>The entries now, in no order that means anything.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> Entries => _state.Entries;

    /// <summary>Reads a value.</summary>
    /// <returns>False if there is no such entry.</returns>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _state.TryGet(key, out value);

    /// <summary>The value, or the default of its type if there is no such entry.</summary>
    public TValue? GetOrDefault(TKey key) => _state.GetOrDefault(key);

    /// <summary>Whether there is such an entry.</summary>
    public bool ContainsKey(TKey key) => _state.ContainsKey(key);
}
