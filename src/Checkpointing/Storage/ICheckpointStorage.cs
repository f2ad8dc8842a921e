using Checkpointing.StateHandles;

namespace Checkpointing.Storage;

/// <summary>Where checkpoints are stored. Asks only for what both a disk and an object store can give.</summary>
/// <remarks>
/// <para>Paths are below the storage's root: names joined by <c>/</c>, no leading slash, no <c>.</c> or <c>..</c>;
/// see <see cref="StoragePath"/>. There are no folders as such: a name with slashes is enough.</para>
/// <para>Contract: creating is all-or-nothing and only if absent; a created file is never altered; there is no rename.
/// A listing may lag behind on a storage that is not immediately consistent; nothing here relies on it as proof
/// that a file exists.</para>
/// <para>All members are safe for concurrent calls. Whoever makes a storage disposes it, after all that use it.</para>
/// <para>Errors: <see cref="CheckpointStorageUnavailableException"/> for everything that the medium refuses (path and
/// cause in the message), <see cref="StoredFileMissingException"/> where a file is asked for that is not there,
/// <see cref="ArgumentException"/> for a path that has not the form above.</para>
/// </remarks>
public interface ICheckpointStorage
{
    /// <summary>For people: where this is, for example <c>file:///var/checkpoints</c>.</summary>
    string Description { get; }

    /// <summary>Transfer of local files without a detour through memory, where the medium has it; else null.</summary>
    ILocalFileTransfer? LocalFiles { get; }

    /// <summary>Space for new files, asked before each checkpoint; null where it is not known or not limited. Default:
    /// null.</summary>
    /// <param name="cancellationToken">Observed before the medium is asked.</param>
    ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken) => new((StorageSpace?)null);

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">First byte to read, 0 to the file's length.</param>
    /// <param name="cancellationToken">Observed until the stream is returned.</param>
    /// <returns>A forward-only stream from <paramref name="offset"/> to the end; the caller disposes it.</returns>
    /// <exception cref="StoredFileMissingException">There is no such file.</exception>
    ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken);

    /// <summary>Length of a file, or null if there is none.</summary>
    ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken);

    /// <summary>Begins a new file. Nothing is visible under <paramref name="path"/> until it is committed.</summary>
    /// <returns>A writer; the caller disposes it, which abandons the file unless it was committed.</returns>
    ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken);

    /// <summary>Makes the names of created files durable: after it they survive a power cut. Contents are durable
    /// already.</summary>
    /// <param name="folders">Folders in which files were created since the last call (or <c>""</c> for the root);
    /// folders made
    /// on the way are included. An object store, whose names are durable at once, does nothing.</param>
    /// <param name="cancellationToken">Observed between two folders.</param>
    ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken);

    /// <summary>All files whose path begins with the folder, recursively; temporary names are left out.</summary>
    /// <param name="folder">A folder's path without trailing slash, or <c>""</c> for all; a folder that is not there is
    /// empty.</param>
    /// <param name="cancellationToken">Observed between two files.</param>
    IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Deletes a file. One that is not there is no error. Folders that this leaves empty may go too.</summary>
    ValueTask DeleteAsync(string path, CancellationToken cancellationToken);

    /// <summary>Makes a second name for, or a copy of, a file within the storage, if <paramref name="target"/> is
    /// absent.</summary>
    /// <returns>How it was done. The content is durable; the name after <see cref="SyncFoldersAsync"/>.</returns>
    /// <exception cref="StoredFileMissingException">There is no source.</exception>
    /// <exception cref="StoredFileExistsException">The target exists.</exception>
    ValueTask<FileTransferKind> CopyAsync(string source, string target, CancellationToken cancellationToken);

    /// <summary>Removes what cut-off creations left under a folder: temporary files of processes that no longer
    /// run.</summary>
    /// <returns>How many were removed.</returns>
    ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken);
}

/// <summary>Space of a storage.</summary>
/// <param name="Volume">For people: whose space it is.</param>
/// <param name="FreeBytes">Bytes that this user may still write.</param>
/// <param name="ReservedBytes">Bytes that checkpoints leave free.</param>
public sealed record StorageSpace(string Volume, long FreeBytes, long ReservedBytes);

/// <summary>A file found by listing.</summary>
/// <param name="Path">Its path.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="ModifiedAt">When its bytes were last written; no proof of anything (a hard link keeps the old
/// time).</param>
public readonly record struct StoredFile(string Path, long LengthBytes, DateTimeOffset ModifiedAt);

/// <summary>A new file that is being written.</summary>
/// <remarks>One caller at a time.</remarks>
public interface IStorageWriter : IAsyncDisposable
{
    /// <summary>Bytes written so far.</summary>
    long LengthBytes { get; }

    /// <summary>Appends.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Makes the file visible, all or nothing, with durable content.</summary>
    /// <param name="cancellationToken">Observed before the file is made visible; not after.</param>
    /// <returns>Digest of all that was written.</returns>
    /// <exception cref="StoredFileExistsException">Another file has the name; ours is abandoned.</exception>
    ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken);
}

/// <summary>Moves whole local files into and out of a storage: by hard link where that can be, else by sharing blocks,
/// else by copying.</summary>
public interface ILocalFileTransfer
{
    /// <summary>Stores a local file under a new name. The local file must never be altered afterwards.</summary>
    /// <param name="localPath">Full path of a complete file whose content is already durable if
    /// <paramref name="isSynced"/>.</param>
    /// <param name="isSynced">Whether the content is known to be durable; otherwise it is synced here.</param>
    /// <param name="target">The new name; absent.</param>
    /// <param name="cancellationToken">Observed between two blocks of a copy.</param>
    /// <exception cref="StoredFileExistsException">The target exists.</exception>
    ValueTask<FileTransferKind> StoreAsync(
        string localPath, bool isSynced, string target, CancellationToken cancellationToken);

    /// <summary>Makes a local file of a stored one. The caller never alters it: it may be the same file.</summary>
    /// <param name="source">The stored file.</param>
    /// <param name="localPath">Full path of the local file; absent.</param>
    /// <param name="cancellationToken">Observed between two blocks of a copy.</param>
    /// <exception cref="StoredFileMissingException">There is no source.</exception>
    ValueTask<FileTransferKind> FetchAsync(string source, string localPath, CancellationToken cancellationToken);
}

/// <summary>How a file got its second place.</summary>
public enum FileTransferKind
{
    /// <summary>A second name of the same bytes.</summary>
    HardLink = 0,

    /// <summary>The file system shares the blocks until one side changes.</summary>
    Reflink = 1,

    /// <summary>The bytes were copied, from file to file.</summary>
    Copy = 2,

    /// <summary>The bytes went through the process: the storage does not take or give local files.</summary>
    Stream = 3,
}
