using Checkpointing.Storage.Local.Native;

namespace Checkpointing.Storage.Local;

/// <summary>Turns errors of the file system into the storages' one exception, with a clear sentence.</summary>
internal sealed class LocalFailures(string root)
{
    public const string Written = "written";
    public const string Read = "read";
    public const string Listed = "listed";
    public const string Deleted = "deleted";

    public static bool IsOfFileSystem(Exception exception) => exception is IOException or UnauthorizedAccessException;

    public CheckpointStorageUnavailableException Unavailable(string path, string action, Exception cause)
    {
        var error = NativeError.FromException(cause);
        var isKnown = error.Code != 0 || error.Kind == NativeErrorKind.Denied;
        var words = isKnown ? error.Message : cause.Message.TrimEnd('.');

        // The file classes are used on temporary files only: no error of theirs concerns what others see.
        return Make(path, action, error.Kind, words, cause, changedNothing: action == Written);
    }

    public CheckpointStorageUnavailableException Unavailable(string path, string action, NativeError error) =>
        Make(path, action, error.Kind, error.Message, null, changedNothing: error.Kind != NativeErrorKind.Other);

    public CheckpointStorageUnavailableException NotWritten(string path, string problem) =>
        new(NameOf(path), $"could not be written: {problem}.{ConsequenceOf(Written)}", isTransient: false)
        {
            ChangedNothing = true,
        };

    public static CheckpointStorageUnavailableException NotFetched(
        string path, string localPath, NativeError error, Exception? cause)
    {
        var problem = error.Kind == NativeErrorKind.Exists ? "that file exists already" : error.Message;
        return new(
            path,
            $"could not be fetched to '{localPath}': {problem}.",
            cause,
            error.Kind is not (NativeErrorKind.Exists or NativeErrorKind.Denied or NativeErrorKind.NotADirectory));
    }

    private CheckpointStorageUnavailableException Make(
        string path, string action, NativeErrorKind kind, string words, Exception? cause, bool changedNothing)
    {
        var advice = kind switch
        {
            NativeErrorKind.NoSpace => $"Free some space for '{root}'.",
            NativeErrorKind.Denied => $"Let this process write to and read from '{root}'.",
            _ => $"Check '{root}'.",
        };

        // Rights and misplaced files do not mend themselves; space, descriptors and devices may.
        var isTransient = kind is not (NativeErrorKind.Denied or NativeErrorKind.NotADirectory
            or NativeErrorKind.Exists or NativeErrorKind.LinkUnsupported);
        return new(NameOf(path), $"could not be {action}: {words}.{ConsequenceOf(action)} {advice}", cause, isTransient)
        {
            ChangedNothing = changedNothing,
        };
    }

    private static string ConsequenceOf(string action) =>
        action == Written ? " The checkpoint failed, older ones are intact." : "";

    private string NameOf(string path) => path.Length == 0 ? root : path;
}
