#pragma warning disable RS0030 // The tool works in a folder for temporary files.
using Checkpointing.RocksDb;
using Checkpointing.State;

namespace Checkpointing.Tool.Inspection;

/// <summary>A backend that opens stored files to read them, and its working folder, which goes with it.</summary>
internal sealed class ReadingBackend : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("checkpoints-").FullName;

    public ReadingBackend() => Factory = new RocksDbBackendFactory(new() { WorkingDirectory = _folder });

    public IKeyedStateBackendFactory Factory { get; }

    public void Dispose()
    {
        (Factory as IDisposable)?.Dispose();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A folder of temporary files that stays harms nobody.
        }
    }
}
