namespace Checkpointing.Hosting.Files;

/// <summary>One sentence for what a file system refuses.</summary>
internal static class FileErrors
{
    public static bool IsRefusal(Exception exception) => exception is IOException or UnauthorizedAccessException;

    public static CheckpointStorageUnavailableException Refused(string path, string what, Exception cause) =>
        new(path, $"{what}: {cause.Message}", cause, isTransient: false);
}
