using Checkpointing.KeyGroups;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.State;

/// <summary>What the state of a subtask is opened for.</summary>
public sealed record SubtaskStateContext
{
    /// <summary>The job.</summary>
    public required JobId Job { get; init; }

    /// <summary>Name of the operator.</summary>
    public required string Operator { get; init; }

    /// <summary>The subtask, from 0.</summary>
    public required int SubtaskIndex { get; init; }

    /// <summary>Key groups that it owns; empty for an operator without keyed state.</summary>
    public required KeyGroupRange Range { get; init; }

    /// <summary>Number of key groups of the job.</summary>
    public required int MaxParallelism { get; init; }

    /// <summary>All states that the program declares, keyed and operator.</summary>
    public required IReadOnlyList<StateDescriptor> States { get; init; }

    /// <summary>What to restore.</summary>
    public required SubtaskRestore Restore { get; init; }

    /// <summary>Leave stored states that are not declared behind, with a warning, instead of refusing.</summary>
    public bool AllowNonRestoredState { get; init; }

    /// <summary>Where keyed state lives.</summary>
    public required IKeyedStateBackendFactory Backend { get; init; }

    /// <summary>The storage.</summary>
    public required ICheckpointStorage Storage { get; init; }

    /// <summary>Source of ids.</summary>
    public required IdSource Ids { get; init; }

    /// <summary>Time.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Log.</summary>
    public required ILogger Logger { get; init; }
}

/// <summary>All state of one subtask: operator state, and keyed state where there is a key.</summary>
/// <remarks>One caller at a time; prepared snapshots write beside it. The opener disposes it.</remarks>
public class SubtaskState : IAsyncDisposable
{
    private protected SubtaskState()
    {
    }

    /// <summary>State that belongs to no key.</summary>
    public OperatorState Operator => throw new NotImplementedException();

    /// <summary>Opens the state of an operator without keys.</summary>
    /// <exception cref="StateMigrationException">Stored and declared states do not fit.</exception>
    public static ValueTask<SubtaskState> OpenAsync(SubtaskStateContext context, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Opens the state of a keyed operator.</summary>
    /// <exception cref="StateMigrationException">Stored and declared states do not fit.</exception>
    /// <exception cref="ArgumentException">The key serializer is not canonical.</exception>
    public static ValueTask<SubtaskState<TKey>> OpenAsync<TKey>(
        SubtaskStateContext context, StateSerializer<TKey> keySerializer, CancellationToken cancellationToken)
        where TKey : notnull => throw new NotImplementedException();

    /// <summary>The synchronous part of a snapshot: fixes the cut of all states; the subtask goes on when it returns.</summary>
    /// <exception cref="InvalidOperationException">A key scope is open.</exception>
    public ISnapshotPlan PrepareSnapshot(SnapshotRequest request) => throw new NotImplementedException();

    /// <summary>The coordinator has confirmed a checkpoint.</summary>
    public void NotifyCompleted(CheckpointId checkpointId) => throw new NotImplementedException();

    /// <summary>The coordinator has aborted a checkpoint.</summary>
    public void NotifyAborted(CheckpointId checkpointId) => throw new NotImplementedException();

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        throw new NotImplementedException();
    }
}

/// <summary>All state of one subtask of a keyed operator.</summary>
public sealed class SubtaskState<TKey> : SubtaskState
    where TKey : notnull
{
    /// <summary>State by key.</summary>
    public KeyedState<TKey> Keyed => throw new NotImplementedException();

    /// <summary>Event-time timers, kept as state.</summary>
    public KeyedTimers<TKey> Timers => throw new NotImplementedException();
}

/// <summary>State that belongs to no key.</summary>
public sealed class OperatorState
{
    /// <summary>A declared list.</summary>
    public OperatorListState<T> GetState<T>(OperatorListStateDescriptor<T> descriptor) => throw new NotImplementedException();
}

/// <summary>A list of the operator.</summary>
public sealed class OperatorListState<T>
{
    /// <summary>The items.</summary>
    public IReadOnlyList<T> Items => throw new NotImplementedException();

    /// <summary>Takes these items instead.</summary>
    public void Replace(IEnumerable<T> items) => throw new NotImplementedException();
}

/// <summary>Declares a list of the operator.</summary>
public sealed class OperatorListStateDescriptor<T>(string name) : StateDescriptor(name, StateHandles.StateKind.OperatorList)
{
    /// <inheritdoc/>
    public override StateSerializer Value => throw new NotImplementedException();
}

/// <summary>State by key.</summary>
public sealed class KeyedState<TKey>
    where TKey : notnull
{
    /// <summary>Makes a key current until the scope is disposed.</summary>
    public KeyScope EnterKey(TKey key) => throw new NotImplementedException();

    /// <summary>Makes a namespace (a window) current until the scope is disposed.</summary>
    public NamespaceScope EnterNamespace<TNamespace>(TNamespace value) => throw new NotImplementedException();
}

/// <summary>A current key.</summary>
public ref struct KeyScope : IDisposable
{
    /// <summary>Ends the scope.</summary>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>A current namespace.</summary>
public ref struct NamespaceScope : IDisposable
{
    /// <summary>Ends the scope.</summary>
    public void Dispose() => throw new NotImplementedException();
}

/// <summary>Event-time timers of a subtask. A timer is (key, namespace, time): registering twice is once.</summary>
public sealed class KeyedTimers<TKey>
    where TKey : notnull
{
    /// <summary>Registers for the current key and namespace (bytes of the namespace are kept; empty without).</summary>
    public void RegisterEventTime(Timestamp time) => throw new NotImplementedException();

    /// <summary>Deletes a timer of the current key and namespace.</summary>
    public void DeleteEventTime(Timestamp time) => throw new NotImplementedException();

    /// <summary>Takes out the earliest timer at or before the watermark. The host then enters its key and namespace and calls the operator.</summary>
    public bool TryTakeDue(Timestamp watermark, out DueTimer<TKey> timer) => throw new NotImplementedException();
}

/// <summary>A timer that is due.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Namespace">Bytes of its namespace; empty without.</param>
/// <param name="Time">Its time.</param>
public readonly record struct DueTimer<TKey>(TKey Key, ReadOnlyMemory<byte> Namespace, Timestamp Time);
