using System.Diagnostics.CodeAnalysis;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Reads the records of a source, in an order that is the same after every restore.</summary>
/// <remarks>One caller at a time. Its position is operator state: what <see cref="SnapshotPosition"/> puts there comes
/// back to <see cref="Open"/> of a later reader.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public abstract class SourceReader<T> : IDisposable
{
    /// <summary>The states that hold the position.</summary>
    public virtual IReadOnlyList<StateDescriptor> States => [];

    /// <summary>Called once before the first record: goes to the restored position, or to the beginning.</summary>
    public abstract void Open(SourceContext context);

    /// <summary>Gives the next record.</summary>
    /// <returns>False if there is none now; then <see cref="WaitForMoreAsync"/> says whether one may still
    /// come.</returns>
    public abstract bool TryReadNext([MaybeNullWhen(false)] out T value);

    /// <summary>Waits until there may be another record.</summary>
    /// <returns>False if the input has ended. Default: it has.</returns>
    public virtual ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>Puts the position behind the last record read into the state. Called at each checkpoint.</summary>
    public abstract void SnapshotPosition();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the reader holds.</summary>
    /// <param name="disposing">Always true from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
