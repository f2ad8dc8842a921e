using Checkpointing.Diagnostics;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>What came of a barrier.</summary>
internal enum BarrierOutcome
{
    /// <summary>It belongs to a checkpoint that is over here.</summary>
    Ignored = 0,

    /// <summary>Others are still awaited; the input is blocked.</summary>
    Waiting = 1,

    /// <summary>It was the last one: all inputs are open again, the snapshot is due.</summary>
    Aligned = 2,
}

/// <summary>Aligns barriers: an input that has delivered one is blocked until all have that still can.</summary>
internal sealed class BarrierAlignment(int inputCount)
{
    private readonly bool[] _blocked = new bool[inputCount];
    private readonly SortedSet<CheckpointId> _aborted = [];
    private SnapshotRequest? _pending;
    private CheckpointId _last = CheckpointId.None;
    private int _awaited = inputCount;
    private int _arrived;

    /// <summary>The checkpoint that is being aligned.</summary>
    public CheckpointId? Pending => _pending?.CheckpointId;

    /// <summary>Whether a barrier may still come over any input.</summary>
    public bool HasOpenInputs => _awaited > 0;

    public bool IsBlocked(int input) => _blocked[input];

    /// <summary>Takes a barrier.</summary>
    /// <param name="input">Where it came from.</param>
    /// <param name="request">What it carries.</param>
    /// <param name="overtaken">An older checkpoint that this barrier has overtaken: it can no longer be
    /// aligned.</param>
    public BarrierOutcome Take(int input, SnapshotRequest request, out CheckpointId? overtaken)
    {
        overtaken = null;
        var id = request.CheckpointId;
        if (id <= _last || _aborted.Contains(id) || (_pending is { } older && id < older.CheckpointId))
        {
            return BarrierOutcome.Ignored;
        }

        if (_pending is { } pending && pending.CheckpointId < id)
        {
            overtaken = pending.CheckpointId;
            End(pending.CheckpointId);
        }

        _pending ??= request;
        _blocked[input] = true;
        if (++_arrived < _awaited)
        {
            return BarrierOutcome.Waiting;
        }

        End(id);
        return BarrierOutcome.Aligned;
    }

    /// <summary>No barrier comes over this input any more. It is not blocked: its end came behind its
    /// barriers.</summary>
    /// <returns>The checkpoint that waited for this input alone and is aligned now; null: none did.</returns>
    public SnapshotRequest? Remove(int input)
    {
        Invariant.Holds(!_blocked[input], $"Input {input} ended although it is blocked");
        _awaited--;
        if (_pending is not { } pending || _arrived < _awaited)
        {
            return null;
        }

        End(pending.CheckpointId);
        return pending;
    }

    /// <summary>A checkpoint that is begun here directly, without barriers (a source).</summary>
    /// <returns>False if it is over here already.</returns>
    public bool TryBegin(CheckpointId id)
    {
        if (id <= _last || _aborted.Contains(id))
        {
            return false;
        }

        End(id);
        return true;
    }

    /// <summary>The checkpoint will never complete: its barriers are ignored, blocked inputs open again.</summary>
    public void Abort(CheckpointId id)
    {
        if (_pending?.CheckpointId == id)
        {
            End(id);
        }
        else if (id > _last)
        {
            _aborted.Add(id);
        }
    }

    private void End(CheckpointId id)
    {
        _pending = null;
        _arrived = 0;
        _last = id;
        Array.Clear(_blocked);
        _aborted.RemoveWhere(aborted => aborted <= id);
    }
}
