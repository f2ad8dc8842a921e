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

    private OutputFile(string path, SafeFileHandle file)
    {
        _path = path;
        _file = file;
    }

    public long LengthBytes => RandomAccess.GetLength(_file);

    /// <summary>Opens it; makes the file and its folder if absent.</summary>
    public static OutputFile Open(string path)
    {
        try
        {
            var folder = Path.GetDirectoryName(path)!;
            Directory.CreateDirectory(folder);
            var isNew = !File.Exists(path);
            var file = File.OpenHandle(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (isNew)
            {
                FolderSync.Sync(folder);
            }

            return new(path, file);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be written", e);
        }
    }

    /// <summary>Whether the bytes of a part are at this place.</summary>
    public bool Holds(long offset, PartFile part) =>
        LengthBytes >= offset + part.LengthBytes && FileRegion.DigestOf(_file, offset, part.LengthBytes) == part.Digest;

    public void WriteFrom(SafeFileHandle source, long lengthBytes, long offset) =>
        Do(() => FileRegion.Copy(source, lengthBytes, _file, offset));

    public void Write(byte[] bytes, long offset) => Do(() => RandomAccess.Write(_file, bytes, offset));

    public void Truncate(long lengthBytes) => Do(() => RandomAccess.SetLength(_file, lengthBytes));

    public void Sync() => Do(() => RandomAccess.FlushToDisk(_file));

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
