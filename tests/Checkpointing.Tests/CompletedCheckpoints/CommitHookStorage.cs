using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>A storage in memory whose next commit does what a test says: for answers that are lost on the
/// way.</summary>
internal sealed class CommitHookStorage() : ForwardingStorage(new InMemoryCheckpointStorage())
{
    /// <summary>Runs instead of the next commit, once; its argument is the real commit.</summary>
    public Func<Func<ValueTask<ContentDigest>>, ValueTask<ContentDigest>>? OnCommit { get; set; }

    /// <summary>Whether syncing folders fails.</summary>
    public bool IsSyncBroken { get; set; }

    public override async ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        var hook = OnCommit;
        OnCommit = null;
        return new Writer(await base.CreateAsync(path, cancellationToken), hook);
    }

    public override ValueTask SyncFoldersAsync(
        IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        IsSyncBroken
            ? throw new CheckpointStorageUnavailableException(folders.First(), "could not be synced.")
            : base.SyncFoldersAsync(folders, cancellationToken);

    private sealed class Writer(
        IStorageWriter inner, Func<Func<ValueTask<ContentDigest>>, ValueTask<ContentDigest>>? hook) : IStorageWriter
    {
        public long LengthBytes => inner.LengthBytes;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            inner.WriteAsync(bytes, cancellationToken);

        public ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken) => hook is null
            ? inner.CommitAsync(cancellationToken)
            : hook(() => inner.CommitAsync(cancellationToken));

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
