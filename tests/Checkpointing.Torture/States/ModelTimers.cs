namespace Checkpointing.Torture.States;

/// <summary>What the timers of all keys should be, as a set.</summary>
internal sealed class ModelTimers
{
    private readonly HashSet<(long Time, ModelRow Row)> _timers;

    internal ModelTimers()
        : this([])
    {
    }

    private ModelTimers(HashSet<(long Time, ModelRow Row)> timers) => _timers = timers;

    internal int Count => _timers.Count;

    internal ModelTimers Copy() => new([.. _timers]);

    internal void Change(bool isRegistered, long time, ModelRow row) =>
        _ = isRegistered ? _timers.Add((time, row)) : _timers.Remove((time, row));

    /// <summary>Takes out all that are due.</summary>
    internal HashSet<(long Time, ModelRow Row)> TakeDue(long watermark)
    {
        var due = _timers.Where(timer => timer.Time <= watermark).ToHashSet();
        _timers.ExceptWith(due);
        return due;
    }
}
