// The file sink writes its own output: it is no part of the checkpoint storage.
#pragma warning disable RS0030
using System.IO.Hashing;
using Checkpointing.Hosting.Sinks;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Files;

/// <summary>A part that is being written.</summary>
internal sealed class PartFileWriter(string name, string path, FileStepHook? hook) : IDisposable
{
    private readonly FileStream _file =
        new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete, 64 * 1024);
    private readonly XxHash128 _hash = new();
    private long _lengthBytes;
    private bool _isComplete;

    public void Append(ReadOnlySpan<byte> row)
    {
        try
        {
            _file.Write(row);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be written", e);
        }

        _hash.Append(row);
        _lengthBytes += row.Length;
    }

    /// <summary>Makes the content durable and closes the file.</summary>
    public PartFile Complete()
    {
        try
        {
            hook?.Invoke(FileStep.SyncPart, path);
            _file.Flush(flushToDisk: true);
            _file.Dispose();
            _isComplete = true;
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be written", e);
        }

        return new(name, _lengthBytes, ContentDigest.Of(_hash));
    }

    /// <summary>Deletes a part that was not completed.</summary>
    public void Dispose()
    {
        if (_isComplete)
        {
            return;
        }

        try
        {
            _file.Dispose();
            File.Delete(path);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            // It does no harm where it is; the next start deletes it.
        }
    }
}
