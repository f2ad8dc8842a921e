using System.Text;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Marks in a checkpoint's folder that say "somebody still reads from this".</summary>
/// <remarks>A job that starts from another's checkpoint (NoClaim) names the pin in its own register, writes it, and
/// <em>then</em>
/// checks that the checkpoint is still listed. A remover takes the checkpoint off its list and <em>then</em> looks for
/// pins.
/// So one of the two always sees the other. A pin that its holder's register does not name is stale. Its file holds the
/// holder's name and a digest: damage must not make it another job's, which knows nothing of it.</remarks>
internal static class CheckpointPins
{
    private const string Folder = "pins";
    private const long MaxPinBytes = 4096;
    private const string DigestPrefix = "xxh128:";

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
            await storage.WriteAllAsync(path, Encoding.UTF8.GetBytes(ContentFor(holder.Name)), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (StoredFileExistsException)
        {
            // Written by an earlier attempt of the same start.
        }
    }

    /// <summary>Reads whose a pin is.</summary>
    /// <returns>The name of a job, or whatever an older version's pin was damaged to.</returns>
    /// <exception cref="StoredFileMissingException">It is gone.</exception>
    /// <exception cref="CheckpointCorruptException">Nobody knows whose it is: it holds.</exception>
    public static async ValueTask<string> ReadHolderAsync(
        ICheckpointStorage storage, string path, CancellationToken cancellationToken)
    {
        var bytes = await storage.ReadAllAsync(path, MaxPinBytes, cancellationToken).ConfigureAwait(false);
        var text = Encoding.UTF8.GetString(bytes);
        var holder = text.Split('\n', 2)[0];

        // Older versions wrote the name alone: then at least it was not cut.
        var isWhole = holder.Length == text.Length
            ? await storage.GetLengthAsync(path, cancellationToken).ConfigureAwait(false) == bytes.Length
            : text == ContentFor(holder);
        return isWhole
            ? holder
            : throw new CheckpointCorruptException(
                path, 0, "a job's name and its digest", $"{bytes.Length} other bytes");
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
            switch (await LookAtAsync(storage, register, file.Path, cancellationToken).ConfigureAwait(false))
            {
                case PinState.Living:
                    isPinned = true;
                    break;
                case PinState.Stale:
                    await storage.DeleteAsync(file.Path, cancellationToken).ConfigureAwait(false);
                    break;
            }
        }

        return isPinned;
    }

    private static async ValueTask<PinState> LookAtAsync(
        ICheckpointStorage storage, ICheckpointRegister register, string pin, CancellationToken cancellationToken)
    {
        try
        {
            var holder = await ReadHolderAsync(storage, pin, cancellationToken).ConfigureAwait(false);
            var session = new RegisterSession(register, new(holder));
            var record = await session.ReadAsync(cancellationToken).ConfigureAwait(false);

            // No register: the holder's folder was removed as a whole, and with it whatever needed the pin.
            return record is null || !record.Pins.Contains(pin) ? PinState.Stale : PinState.Living;
        }
        catch (StoredFileMissingException)
        {
            return await IsGoneAsync(storage, pin, cancellationToken).ConfigureAwait(false)
                ? PinState.Gone : PinState.Living;
        }
        catch (Exception e) when (e is CheckpointingException or ArgumentException)
        {
            // In doubt the pin holds.
            return PinState.Living;
        }
    }

    // It was listed, and its holder may have let go of it since. But one answer of a storage is no proof of that.
    private static async ValueTask<bool> IsGoneAsync(
        ICheckpointStorage storage, string pin, CancellationToken cancellationToken)
    {
        try
        {
            return await storage.GetLengthAsync(pin, cancellationToken).ConfigureAwait(false) is null;
        }
        catch (CheckpointingException)
        {
            return false;
        }
    }

    private static string ContentFor(string holder) =>
        $"{holder}\n{DigestPrefix}{ContentDigest.Of(Encoding.UTF8.GetBytes(holder))}\n";

    private enum PinState
    {
        Living,
        Stale,
        Gone,
    }
}
