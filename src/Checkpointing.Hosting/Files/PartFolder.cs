// The file sink writes its own output: it is no part of the checkpoint storage.
#pragma warning disable RS0030
using Checkpointing.Hosting.Sinks;

namespace Checkpointing.Hosting.Files;

/// <summary>The folder <c>&lt;output&gt;.parts</c>. Nothing is opened or made before it is needed.</summary>
internal sealed class PartFolder(string outputPath, FileStepHook? hook)
{
    private readonly string _folder = outputPath + ".parts";
    private bool _isNameDurable;

    public PartFileWriter Create(string name)
    {
        try
        {
            // Whoever made the folder may have ended before its name was durable.
            _isNameDurable &= Directory.Exists(_folder);
            FolderSync.MakeFolder(_folder, hook);
            var path = Path.Combine(_folder, name);
            hook?.Invoke(FileStep.CreatePart, path);
            return new(name, path, hook);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(_folder, "cannot be written", e);
        }
    }

    /// <summary>Makes the names of the parts durable.</summary>
    public void Sync()
    {
        hook?.Invoke(FileStep.SyncFolder, _folder);
        FolderSync.Sync(_folder);
        if (!_isNameDurable)
        {
            var parent = Path.GetDirectoryName(_folder)!;
            hook?.Invoke(FileStep.SyncFolder, parent);
            FolderSync.Sync(parent);
            _isNameDurable = true;
        }
    }

    /// <summary>Whether a part is there, whole.</summary>
    public bool Holds(PartFile part)
    {
        var path = Path.Combine(_folder, part.Name);
        try
        {
            using var file = File.OpenHandle(path);
            return RandomAccess.GetLength(file) == part.LengthBytes
                && FileRegion.DigestOf(file, 0, part.LengthBytes) == part.Digest;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be read", e);
        }
    }

    public void CopyTo(PartFile part, OutputFile output, long offset)
    {
        var path = Path.Combine(_folder, part.Name);
        try
        {
            using var file = File.OpenHandle(path);
            output.WriteFrom(file, part.LengthBytes, offset);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be read", e);
        }
    }

    public void Delete(IEnumerable<PartFile> parts)
    {
        foreach (var part in parts)
        {
            TryDelete(Path.Combine(_folder, part.Name));
        }
    }

    public void DeleteWhere(Func<PartName, bool> predicate)
    {
        if (!Directory.Exists(_folder))
        {
            return;
        }

        foreach (var path in Directory.GetFiles(_folder, "*" + PartName.Extension))
        {
            if (PartName.TryParse(Path.GetFileName(path), out var name) && predicate(name))
            {
                TryDelete(path);
            }
        }
    }

    public void DeleteIfEmpty()
    {
        try
        {
            if (Directory.Exists(_folder) && !Directory.EnumerateFileSystemEntries(_folder).Any())
            {
                Directory.Delete(_folder);
            }
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            // Somebody made a part in it just now.
        }
    }

    private void TryDelete(string path)
    {
        hook?.Invoke(FileStep.DeletePart, path);
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            // It does no harm where it is; the next start tries again.
        }
    }
}
