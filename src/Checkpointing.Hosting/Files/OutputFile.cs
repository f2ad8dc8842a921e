// The file sink writes its own output: it is no part of the checkpoint storage.
#pragma warning disable RS0030
using Checkpointing.Hosting.Sinks;
using Microsoft.Win32.SafeHandles;

namespace Checkpointing.Hosting.Files;

/// <summary>The output of a file sink, written at given places only.</summary>
internal sealed class OutputFile : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _file;

    private readonly FileStepHook? _hook;

    private OutputFile(string path, SafeFileHandle file, FileStepHook? hook)
    {
        _path = path;
        _file = file;
        _hook = hook;
    }

    public long LengthBytes => RandomAccess.GetLength(_file);

    /// <summary>Opens it; makes the file and its folder if absent.</summary>
    public static OutputFile Open(string path, FileStepHook? hook)
    {
        try
        {
            var folder = Path.GetDirectoryName(path)!;
            FolderSync.MakeFolder(folder, hook);
            var isNew = !File.Exists(path);
            hook?.Invoke(FileStep.OpenOutput, path);
            var file = File.OpenHandle(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (isNew)
            {
                hook?.Invoke(FileStep.SyncFolder, folder);
                FolderSync.Sync(folder);
            }

            return new(path, file, hook);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be written", e);
        }
    }

    /// <summary>Opens it to look only; changes nothing.</summary>
    /// <returns>Null if it does not exist.</returns>
    public static OutputFile? OpenToLook(string path)
    {
        try
        {
            return new(
                path,
                File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete),
                null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be read", e);
        }
    }

    /// <summary>Whether the file is a beginning of these bytes, nothing or all of them included.</summary>
    public bool IsBeginningOf(ReadOnlySpan<byte> bytes)
    {
        if (LengthBytes > bytes.Length)
        {
            return false;
        }

        var found = new byte[LengthBytes];
        var read = RandomAccess.Read(_file, found, 0);
        return bytes.StartsWith(found.AsSpan(0, read));
    }

    /// <summary>Whether the bytes of a part are at this place.</summary>
    public bool Holds(long offset, PartFile part) =>
        LengthBytes >= offset + part.LengthBytes && FileRegion.DigestOf(_file, offset, part.LengthBytes) == part.Digest;

    public void WriteFrom(SafeFileHandle source, long lengthBytes, long offset) =>
        Do(() => FileRegion.Copy(
            source, lengthBytes, _file, offset, () => _hook?.Invoke(FileStep.WriteOutput, _path)));

    public void Write(byte[] bytes, long offset) => Do(() =>
    {
        _hook?.Invoke(FileStep.WriteOutput, _path);
        RandomAccess.Write(_file, bytes, offset);
    });

    public void Cut(long lengthBytes) => Do(() =>
    {
        _hook?.Invoke(FileStep.CutOutput, _path);
        RandomAccess.SetLength(_file, lengthBytes);
    });

    public void Sync() => Do(() =>
    {
        _hook?.Invoke(FileStep.SyncOutput, _path);
        RandomAccess.FlushToDisk(_file);
    });

    public void Dispose() => _file.Dispose();

    private void Do(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(_path, "cannot be written", e);
        }
    }
}
