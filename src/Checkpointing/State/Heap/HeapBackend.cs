using Checkpointing.KeyGroups;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Heap;

/// <summary>Keyed state in memory.</summary>
internal sealed class HeapBackend : KeyedStateBackend
{
    private readonly KeyedStateBackendContext _context;
    private readonly Dictionary<string, HeapTable> _tables;
    private readonly RestoredStateSet _restored;
    private bool _isDisposed;

    internal HeapBackend(KeyedStateBackendContext context)
    {
        _context = context;
        _tables = context.States.ToDictionary(static state => state.Name, _ => new HeapTable(context.Operator));
        _restored = new(context.Operator);
        BackendId = context.Ids.NewGuid();
    }

    public override Guid BackendId { get; }

    public override KeyGroupRange Range => _context.Range;

    public override IReadOnlyList<StateDescription> RestoredStates => _restored.States;

    public override KeyedStateTable GetTable(string stateName)
    {
        ThrowIfDisposed();
        return _tables.GetValueOrDefault(stateName)
            ?? throw new InvalidOperationException($"Operator '{_context.Operator}' declares no state '{stateName}'.");
    }

    public override void StartExpiring()
    {
        ThrowIfDisposed();
        foreach (var state in _context.States)
        {
            if (_context.TimesToLive.TryGetValue(state.Name, out var duration))
            {
                _tables[state.Name].StartExpiring(new(duration, _context.Time), state);
            }
        }
    }

    public override KeyedStateSnapshot PrepareSnapshot(SnapshotRequest request)
    {
        ThrowIfDisposed();
        List<(StateDescription State, HeapNode? Root)> frozen = [];
        foreach (var state in _context.States)
        {
            frozen.Add((state, _tables[state.Name].Freeze()));
        }

        return new HeapSnapshot(_context, request, frozen);
    }

    public override void NotifyCompleted(CheckpointId checkpointId)
    {
        // Snapshots are full: none is the base of another.
    }

    public override void NotifyAborted(CheckpointId checkpointId)
    {
    }

    public override ValueTask DisposeAsync()
    {
        _isDisposed = true;
        foreach (var table in _tables.Values)
        {
            table.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    internal async ValueTask RestoreAsync(KeyGroupsStateHandle handle, CancellationToken cancellationToken)
    {
        var reader = await CanonicalSnapshotReader.OpenAsync(
            _context.Storage, handle, cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            _restored.Add(reader.States);
            var tables = reader.States.Select(state => _tables.GetValueOrDefault(state.Name)).ToArray();
            await reader.ReadAsync(
                Range, (state, key, value) => tables[state]?.Put(key, value), cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, this);
}
