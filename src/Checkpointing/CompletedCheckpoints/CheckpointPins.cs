using System.Text;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Marks in a checkpoint's folder that say "somebody still reads from this".</summary>
/// <remarks>A job that starts from another's checkpoint (NoClaim) names the pin in its own register, writes it, and
/// <em>then</em>
/// checks that the checkpoint is still listed. A remover takes the checkpoint off its list and <em>then</em> looks for
/// pins.
/// So one of the two always sees the other. A pin that its holder's register does not name is stale.</remarks>
internal static class CheckpointPins
{
    private const string Folder = "pins";
    private const long MaxPinBytes = 4096;

    public static string NewPath(string checkpointFolder, IdSource ids) =>
        $"{checkpointFolder}/{Folder}/{ids.NewGuid():N}";

    public static bool IsPin(string path) => StoragePath.NameOf(StoragePath.FolderOf(path)) == Folder;

    /// <summary>The folder of the checkpoint that a pin is in.</summary>
    public static string CheckpointOf(string pin) => StoragePath.FolderOf(StoragePath.FolderOf(pin));

    public static async ValueTask WriteAsync(
        ICheckpointStorage storage, string path, JobId holder, CancellationToken cancellationToken)
    {
        try
        {
            await storage.WriteAllAsync(path, Encoding.UTF8.GetBytes(holder.Name), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (StoredFileExistsException)
        {
            // Written by an earlier attempt of the same start.
        }
    }

    /// <summary>Whether a living pin is in the checkpoint's folder. Stale ones are deleted on the way.</summary>
    public static async ValueTask<bool> IsPinnedAsync(
        ICheckpointStorage storage, ICheckpointRegister register, string checkpointFolder,
            CancellationToken cancellationToken)
    {
        var isPinned = false;
        await foreach (var file in storage.ListAsync($"{checkpointFolder}/{Folder}", cancellationToken)
            .ConfigureAwait(false))
        {
            if (await IsStaleAsync(storage, register, file.Path, cancellationToken).ConfigureAwait(false))
            {
                await storage.DeleteAsync(file.Path, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                isPinned = true;
            }
        }

        return isPinned;
    }

    private static async ValueTask<bool> IsStaleAsync(
        ICheckpointStorage storage, ICheckpointRegister register, string pin, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await storage.ReadAllAsync(pin, MaxPinBytes, cancellationToken).ConfigureAwait(false);
            var session = new RegisterSession(register, new(Encoding.UTF8.GetString(bytes)));
            var record = await session.ReadAsync(cancellationToken).ConfigureAwait(false);

            // No register: the holder's folder was removed as a whole, and with it whatever needed the pin.
            return record is null || !record.Pins.Contains(pin);
        }
        catch (StoredFileMissingException)
        {
            return true;
        }
        catch (Exception e) when (e is CheckpointingException or ArgumentException)
        {
            // In doubt the pin holds.
            return false;
        }
    }
}
