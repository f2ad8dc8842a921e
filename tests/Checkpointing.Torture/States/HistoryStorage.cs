using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Torture.States;

/// <summary>A storage that may take streams only, as an object store does, and that fails when it is told to.</summary>
internal sealed class HistoryStorage(ICheckpointStorage inner, bool takesStreamsOnly) : ForwardingStorage(inner)
{
    private const int Never = int.MaxValue;

    private int _createsLeft = Never;

    public override ILocalFileTransfer? LocalFiles =>
        takesStreamsOnly || Volatile.Read(ref _createsLeft) != Never ? null : base.LocalFiles;

    /// <summary>From now on so many creations succeed, and the later ones fail.</summary>
    internal void FailAfter(int creates) => Volatile.Write(ref _createsLeft, creates);

    /// <summary>All is well again.</summary>
    internal void Mend() => Volatile.Write(ref _createsLeft, Never);

    public override ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        Volatile.Read(ref _createsLeft) != Never && Interlocked.Decrement(ref _createsLeft) < 0
            ? throw new CheckpointStorageUnavailableException(path, "cannot be written: the history says so.")
            : base.CreateAsync(path, cancellationToken);
}
