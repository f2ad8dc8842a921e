namespace Checkpointing.State;

/// <summary>Walks over rows in order. Dispose it before the next write.</summary>
public abstract class KeyedStateCursor : IDisposable
{
    /// <summary>Key of the current row, valid until the next move.</summary>
    public abstract ReadOnlySpan<byte> Key { get; }

    /// <summary>Value of the current row, valid until the next move.</summary>
    public abstract ReadOnlySpan<byte> Value { get; }

    /// <summary>Moves to the next row (the first, the first time).</summary>
    /// <exception cref="CheckpointCorruptException">Stored bytes are damaged: a scan never just ends early.</exception>
    public abstract bool MoveNext();

    /// <inheritdoc/>
    public abstract void Dispose();
}
