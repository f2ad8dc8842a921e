using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>All state of one subtask: operator state, and keyed state where there is a key.</summary>
/// <remarks>One caller at a time; prepared snapshots write beside it. The opener disposes it.</remarks>
public class SubtaskState : IAsyncDisposable
{
    private readonly SubtaskStateContext _context;
    private readonly CurrentKey? _current;
    private readonly KeyedStateBackend? _backend;
    private readonly IReadOnlyList<StateDescription> _descriptions;
    private readonly SpaceNeeds _needs = new();

    private protected SubtaskState(
        SubtaskStateContext context, OperatorState operatorState, IReadOnlyList<StateDescription> descriptions,
        CurrentKey? current, KeyedStateBackend? backend)
    {
        (_context, Operator, _descriptions) = (context, operatorState, descriptions);
        (_current, _backend) = (current, backend);
    }

    internal SubtaskState(
        SubtaskStateContext context, OperatorState operatorState, IReadOnlyList<StateDescription> descriptions)
        : this(context, operatorState, descriptions, null, null)
    {
    }

    /// <summary>State that belongs to no key.</summary>
    public OperatorState Operator { get; }

    /// <summary>Faults when restored state turns out not to be what was stored (verification behind the running job):
    /// the host fails the subtask. It never completes otherwise.</summary>
    /// <remarks>A host that does not look misses nothing durable: every checkpoint is declined from then on.</remarks>
    public Task Failure => _backend?.Failure ?? new TaskCompletionSource().Task;

    private bool IsDisposed => Operator.IsDisposed;

    /// <summary>Opens the state of an operator without keys.</summary>
    /// <exception cref="StateMigrationException">Stored and declared states do not fit.</exception>
    /// <exception cref="ArgumentException">A declared state needs a key, or two states have one name.</exception>
    /// <exception cref="InvalidOperationException">A state has no serializer.</exception>
    /// <exception cref="CheckpointCorruptException">A stored file is damaged.</exception>
    public static async ValueTask<SubtaskState> OpenAsync(
        SubtaskStateContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var span = SnapshotSpans.StartOpening(context);
        return await SubtaskStateOpening.OpenAsync(context, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the state of a keyed operator.</summary>
    /// <exception cref="StateMigrationException">Stored and declared states do not fit.</exception>
    /// <exception cref="ArgumentException">A serializer of keys is not canonical, or two states have one
    /// name.</exception>
    /// <exception cref="InvalidOperationException">A state has no serializer.</exception>
    /// <exception cref="CheckpointCorruptException">A stored file is damaged.</exception>
    public static async ValueTask<SubtaskState<TKey>> OpenAsync<TKey>(
        SubtaskStateContext context, StateSerializer<TKey> keySerializer, CancellationToken cancellationToken)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(keySerializer);
        using var span = SnapshotSpans.StartOpening(context);
        return await SubtaskStateOpening.OpenAsync(context, keySerializer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Holds declared states against those that a checkpoint's metadata name. A host calls it for each
    /// operator
    /// before it claims a checkpoint or opens any state, so that a program that does not fit changes nothing.</summary>
    /// <param name="operatorName">For messages.</param>
    /// <param name="stored">What the metadata say of the operator.</param>
    /// <param name="declared">What the program declares.</param>
    /// <param name="keySerializer">Serializer of keys; null for an operator without.</param>
    /// <param name="usesTimers">Whether it has timers.</param>
    /// <param name="allowNonRestoredState">Whether stored states that are not declared may be left behind.</param>
    /// <exception cref="StateMigrationException">A state does not fit; which one, and what to do.</exception>
    public static void CheckStored(
        string operatorName, IEnumerable<StateDescription> stored, IReadOnlyList<StateDescriptor> declared,
        StateSerializer? keySerializer, bool usesTimers, bool allowNonRestoredState)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(declared);
        StateCompatibility.CheckBeforehand(
            operatorName, stored, usesTimers ? [.. declared, TimerStateDescriptor.Instance] : declared, keySerializer,
            allowNonRestoredState);
    }

    /// <summary>The synchronous part of a snapshot: fixes the cut of all states; the subtask goes on when it
    /// returns.</summary>
    /// <exception cref="InvalidOperationException">A key scope is open.</exception>
    public ISnapshotPlan PrepareSnapshot(SnapshotRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        if (_current is { IsOpen: true })
        {
            throw new InvalidOperationException(
                $"A key scope of operator '{_context.Operator}' is open; a snapshot is prepared between two elements.");
        }

        var began = _context.Time.GetTimestamp();
        var startDelay = request.StartDelay ?? SinceTriggered(request);
        var spans = SnapshotSpans.Start(_context, request);
        try
        {
            var keyed = _backend?.PrepareSnapshot(request);
            var operatorState = new OperatorStateSnapshot(Operator);
            var times = new SnapshotTimes(startDelay, request.Alignment, _context.Time.GetElapsedTime(began), default);
            spans?.EndSynchronous();
            return new SubtaskSnapshotPlan(
                _context, request, _descriptions, operatorState, keyed, _needs, times, spans);
        }
        catch (Exception e)
        {
            spans?.Fail(e);
            throw;
        }
    }

    // The coordinator's clock may be ahead of ours.
    private TimeSpan SinceTriggered(SnapshotRequest request) =>
        request.TriggeredAt != default && _context.Time.GetUtcNow() is var now && now > request.TriggeredAt
            ? now - request.TriggeredAt
            : TimeSpan.Zero;

    /// <summary>The coordinator has confirmed a checkpoint. Unknown and old ids are ignored, also after
    /// disposal.</summary>
    public void NotifyCompleted(CheckpointId checkpointId)
    {
        if (!IsDisposed)
        {
            _backend?.NotifyCompleted(checkpointId);
        }
    }

    /// <summary>The coordinator has aborted a checkpoint. Unknown and old ids are ignored, also after
    /// disposal.</summary>
    public void NotifyAborted(CheckpointId checkpointId)
    {
        if (!IsDisposed)
        {
            _backend?.NotifyAborted(checkpointId);
        }
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (IsDisposed)
        {
            return;
        }

        Operator.IsDisposed = true;
        _current?.Dispose();
        if (_backend is not null)
        {
            await _backend.DisposeAsync().ConfigureAwait(false);
        }
    }
}
