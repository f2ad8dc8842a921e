using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;

namespace Checkpointing.Embedded;

/// <summary>Declares the one task of an embedded job: its name, its key, its states.</summary>
/// <typeparam name="TKey">Type of the keys; it needs a canonical serializer.</typeparam>
/// <param name="name">Name of the operator; its identity across versions of the program.</param>
public sealed class EmbeddedTask<TKey>(string name)
    where TKey : notnull
{
    /// <summary>Name of the operator.</summary>
    public string Name { get; } = NameRules.Check(name, "An operator name", nameof(name));

    /// <summary>Where keyed state lives. Default: on the heap.</summary>
    public IKeyedStateBackendFactory Backend { get; init; } = new HeapBackendFactory();

    /// <summary>Key groups that this task owns. Default: all of 128.</summary>
    public KeyGroupRange KeyGroups { get; init; } = KeyGroupRange.All(128);

    /// <summary>Number of key groups, fixed for the job's life. Default: null, which is one more than the last of
    /// <see cref="KeyGroups"/>.</summary>
    public int? MaxParallelism { get; init; }

    /// <summary>Serializer of the keys. Default: the built-in one of the type.</summary>
    public StateSerializer<TKey>? KeySerializer { get; init; }

    /// <summary>All states that the program uses.</summary>
    public IReadOnlyList<StateDescriptor> States { get; init; } = [];

    /// <summary>Leave stored states that <see cref="States"/> does not list behind, with a warning. Default:
    /// false.</summary>
    public bool AllowNonRestoredState { get; init; }
}
