namespace Checkpointing.Storage;

/// <summary>A file of that name exists already. Names never repeat, so somebody else made it: nothing was
/// changed.</summary>
public sealed class StoredFileExistsException(string path)
    : CheckpointingException($"'{path}' exists already; nothing was changed.")
{
    /// <summary>The path.</summary>
    public string Path { get; } = path;
}
