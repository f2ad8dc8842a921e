// The file sink makes its own folders: they are no part of the checkpoint storage.
#pragma warning disable RS0030
using System.Runtime.InteropServices;

namespace Checkpointing.Hosting.Files;

/// <summary>Makes the names in a folder durable: without it a power cut may lose a new file whose bytes are on the
/// disk.</summary>
internal static partial class FolderSync
{
    private const int ReadOnly = 0;

    /// <summary>Syncs a folder; nothing to do on Windows, where names are durable with their files.</summary>
    /// <exception cref="CheckpointStorageUnavailableException">The folder cannot be opened or synced.</exception>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw Refused(folder);
        }

        try
        {
            if (SyncDescriptor(descriptor) != 0)
            {
                throw Refused(folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Makes a folder and those above it that are absent. The names of new ones are durable when it
    /// returns.</summary>
    /// <exception cref="CheckpointStorageUnavailableException">A folder cannot be synced.</exception>
    public static void MakeFolder(string folder, FileStepHook? hook)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(folder);
        if (parent is not null)
        {
            MakeFolder(parent, hook);
        }

        hook?.Invoke(FileStep.MakeFolder, folder);
        Directory.CreateDirectory(folder);
        if (parent is not null)
        {
            hook?.Invoke(FileStep.SyncFolder, parent);
            Sync(parent);
        }
    }

    private static CheckpointStorageUnavailableException Refused(string folder) =>
        new(folder, $"cannot be made durable: {Marshal.GetLastPInvokeErrorMessage()}", isTransient: false);

    // SAFETY: plain libc calls on a path that the marshaller copies; the descriptor is closed by the only caller.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
