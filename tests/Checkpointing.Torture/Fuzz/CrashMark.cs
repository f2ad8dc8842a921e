using System.IO.MemoryMappedFiles;

namespace Checkpointing.Torture.Fuzz;

/// <summary>Keeps the number of the input that is being read in a file, so that it is known even if that input ends the
/// process: nothing catches a stack that is used up.</summary>
internal sealed class CrashMark : IDisposable
{
    private const int SizeBytes = sizeof(ulong) + sizeof(long);

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Makes the file.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="seed">Seed of the run.</param>
    internal CrashMark(string folder, ulong seed)
    {
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, $"running-{Guid.NewGuid():N}");

        // Locked as long as this process lives.
        var stream = new FileStream(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        _file = MemoryMappedFile.CreateFromFile(
            stream, mapName: null, SizeBytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None,
            leaveOpen: false);
        _view = _file.CreateViewAccessor();
        _view.Write(0, seed);
    }

    /// <summary>Inputs that ended the process of an earlier run; their files are removed. Runs that go on are left
    /// alone.</summary>
    internal static IReadOnlyList<(ulong Seed, long Index)> TakeLeft(string folder)
    {
        var left = new List<(ulong, long)>();
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "running-*") : [])
        {
            try
            {
                using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                var bytes = new byte[SizeBytes];
                stream.ReadExactly(bytes);
                left.Add((BitConverter.ToUInt64(bytes), BitConverter.ToInt64(bytes, sizeof(ulong))));
                File.Delete(path);
            }
            catch (IOException)
            {
                // Another run's, which has it open, is about to make it or has just ended.
            }
        }

        return left;
    }

    /// <summary>Says that an input is about to be read.</summary>
    internal void Begin(long index) => _view.Write(sizeof(ulong), index);

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }
}
