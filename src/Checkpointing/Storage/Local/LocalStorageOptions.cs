namespace Checkpointing.Storage.Local;

/// <summary>Settings of a <see cref="LocalCheckpointStorage"/>; copied when it is made.</summary>
public sealed class LocalStorageOptions
{
    /// <summary>Whether every file is copied and no hard link is ever made. Default: false.</summary>
    /// <remarks>For file systems whose hard links are not to be trusted, and where each checkpoint shall stand on
    /// blocks of its own. Costs time and space; everything else stays as it is.</remarks>
    public bool ForceCopy { get; set; }
}
