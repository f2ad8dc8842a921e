using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>Files of one checkpoint that a snapshot has made and that no message has named yet.</summary>
internal static class ExclusiveFiles
{
    /// <summary>Deletes a file; where that fails, the sweep of a later epoch takes it.</summary>
    internal static async ValueTask DeleteQuietlyAsync(ICheckpointStorage storage, string path)
    {
        try
        {
            await storage.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CheckpointingException)
        {
            // The failure that led here is the one to report.
        }
    }
}
