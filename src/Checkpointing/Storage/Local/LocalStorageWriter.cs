#pragma warning disable RS0030 // Files are touched here: this folder is the local file system's only user in the core.
using System.IO.Hashing;
using Checkpointing.StateHandles;
using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>Writes a temporary file beside the target; committing gives it the target's name.</summary>
internal sealed class LocalStorageWriter : IStorageWriter
{
    private const int BufferBytes = 64 * 1024;

    private readonly FileStream _file;
    private readonly string _path;
    private readonly LocalFolders _folders;
    private readonly LocalFailures _failures;
    private readonly bool _mayLink;
    private readonly XxHash128 _hash = new();
    private State _state = State.Open;

    private LocalStorageWriter(FileStream file, string path, LocalFolders folders, LocalFailures failures, bool mayLink)
    {
        _file = file;
        _path = path;
        _folders = folders;
        _failures = failures;
        _mayLink = mayLink;
    }

    private enum State
    {
        Open,
        Broken,
        Closed,
    }

    public long LengthBytes { get; private set; }

    /// <summary>Makes the folder, if need be, and the temporary file in it.</summary>
    public static LocalStorageWriter Open(
        string path, TemporaryFiles temporaryFiles, LocalFolders folders, LocalFailures failures, bool mayLink)
    {
        var folder = StoragePath.FolderOf(path);
        var temporary = folders.FullPath(StoragePath.Combine(folder, temporaryFiles.NewName(path)));
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (folders.TryMake(folder, path) || attempt == LocalFolders.MaxAttempts)
                {
                    return new(OpenFile(temporary), path, folders, failures, mayLink);
                }
            }
            catch (Exception e) when (
                e is (DirectoryNotFoundException or FileNotFoundException) && attempt < LocalFolders.MaxAttempts)
            {
                // Somebody deleted the last file of the folder, and with it the folder.
            }
            catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
            {
                throw failures.Unavailable(path, LocalFailures.Written, e);
            }
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        CheckOpen();
        cancellationToken.ThrowIfCancellationRequested();
        _state = State.Broken; // until it is through: nobody knows what a write that was cut off has left
        try
        {
            await _file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw _failures.Unavailable(_path, LocalFailures.Written, e);
        }

        _hash.Append(bytes.Span);
        LengthBytes += bytes.Length;
        _state = State.Open;
    }

    /// <summary>Takes over another file's content by sharing its blocks; nothing was written before, nothing may be
    /// after.</summary>
    /// <param name="source">The other file.</param>
    /// <returns>False if the file system does not share blocks here: then the bytes are to be written. If true, the
    /// digest that committing gives is of no use, because nobody has read the bytes.</returns>
    public bool TryClone(FileStream source)
    {
        CheckOpen();
        try
        {
            if (NativeFiles.CloneContent(source.SafeFileHandle, _file.SafeFileHandle).Kind == NativeErrorKind.None)
            {
                LengthBytes = source.Length;
                return true;
            }

            // Whatever the reason was: writing will find out whether it can be done at all.
            _file.SetLength(0);
            return false;
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            _state = State.Broken;
            throw _failures.Unavailable(_path, LocalFailures.Written, e);
        }
    }

    public async ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken)
    {
        CheckOpen();
        cancellationToken.ThrowIfCancellationRequested();
        _state = State.Broken;
        try
        {
            await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
            MakeReadOnly();
            RandomAccess.FlushToDisk(_file.SafeFileHandle);
            await _file.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            throw _failures.Unavailable(_path, LocalFailures.Written, e);
        }

        cancellationToken.ThrowIfCancellationRequested();
        Publish();
        _state = State.Closed;
        return ContentDigest.Of(_hash);
    }

    public async ValueTask DisposeAsync()
    {
        if (_state == State.Closed)
        {
            return;
        }

        _state = State.Closed;
        try
        {
            await _file.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            // The buffer's rest found no room: the file is given up anyway, and the first error is the one that counts.
        }

        TemporaryFiles.TryDelete(_file.Name);
        _folders.RemoveEmpty(StoragePath.FolderOf(_path));
    }

    // Shared for reading and writing: a stricter lock would live on under the final name until the file is closed.
    private static FileStream OpenFile(string temporary) => new(
        temporary,
        FileMode.CreateNew,
        FileAccess.Write,
        FileShare.ReadWrite | FileShare.Delete,
        BufferBytes,
        FileOptions.Asynchronous);

    private void Publish()
    {
        var target = _folders.FullPath(_path);
        var error = new NativeError(NativeErrorKind.LinkUnsupported, 0);
        if (_mayLink && !OperatingSystem.IsWindows())
        {
            error = NativeFiles.CreateHardLink(_file.Name, target);
        }

        if (error.Kind == NativeErrorKind.None)
        {
            // If it stays, the sweep takes it one day; the file under its final name is complete.
            TemporaryFiles.TryDelete(_file.Name);
            return;
        }

        if (error.Kind == NativeErrorKind.LinkUnsupported)
        {
            error = NativeFiles.MoveWithoutReplacing(_file.Name, target);
        }

        switch (error.Kind)
        {
            case NativeErrorKind.None:
                return;
            case NativeErrorKind.Exists:
                throw new StoredFileExistsException(_path);
            case NativeErrorKind.LinkUnsupported or NativeErrorKind.Unsupported:
                throw _failures.NotWritten(
                    _path,
                    $"the file system of '{_folders.Root}' can neither link nor rename without replacing; use another");
            default:
                throw _failures.Unavailable(_path, LocalFailures.Written, error);
        }
    }

    private void MakeReadOnly()
    {
        if (OperatingSystem.IsWindows())
        {
            // There the attribute belongs to all names of a file and would keep each from being deleted.
            return;
        }

        try
        {
            var mode = File.GetUnixFileMode(_file.SafeFileHandle);
            File.SetUnixFileMode(_file.SafeFileHandle, mode & ~LocalPaths.WriteModes);
        }
        catch (Exception e) when (LocalFailures.IsOfFileSystem(e))
        {
            // A guard against slips only; some file systems have no modes.
        }
    }

    private void CheckOpen()
    {
        ObjectDisposedException.ThrowIf(_state == State.Closed, this);
        if (_state == State.Broken)
        {
            throw new InvalidOperationException(
                $"Writing '{_path}' failed or was cancelled before; dispose this writer and begin again.");
        }
    }
}
