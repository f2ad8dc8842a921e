using System.Collections.Concurrent;
using Checkpointing.Storage;
using Checkpointing.Testing.Storage;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>A storage that cannot read some files, or cannot delete, as long as a case says so.</summary>
internal sealed class FaultyStorage(ICheckpointStorage inner) : ForwardingStorage(inner)
{
    private volatile bool _refusesToDelete;

    public ConcurrentDictionary<string, bool> Unreadable { get; } = [];

    public bool RefusesToDelete
    {
        get => _refusesToDelete;
        set => _refusesToDelete = value;
    }

    public override ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        Unreadable.ContainsKey(path)
            ? throw new CheckpointStorageUnavailableException(path, "cannot be read now (in this case).")
            : base.OpenReadAsync(path, offset, cancellationToken);

    public override ValueTask DeleteAsync(string path, CancellationToken cancellationToken) =>
        _refusesToDelete
            ? throw new CheckpointStorageUnavailableException(path, "cannot be deleted now (in this case).")
            : base.DeleteAsync(path, cancellationToken);
}
