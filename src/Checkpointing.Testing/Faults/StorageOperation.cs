namespace Checkpointing.Testing.Faults;

/// <summary>One call of a storage or a register, as a <see cref="FaultPlan"/> sees it.</summary>
/// <param name="Number">From 1, in the order in which the calls began.</param>
/// <param name="Kind">What was asked for.</param>
/// <param name="Path">The file, the first of the folders, or the name of the register's job.</param>
/// <param name="Fault">What was done to it; <see cref="FaultKind.None"/> while the plan still decides.</param>
public readonly record struct StorageOperation(
    int Number, StorageOperationKind Kind, string Path, FaultKind Fault = FaultKind.None)
{
    /// <summary>Whether it changes what is stored.</summary>
    public bool IsChange => Kind is StorageOperationKind.Commit or StorageOperationKind.SyncFolders
        or StorageOperationKind.Delete or StorageOperationKind.Copy or StorageOperationKind.SweepTemporaryFiles
        or StorageOperationKind.StoreLocalFile or StorageOperationKind.ReplaceRegister;

    /// <summary>For example <c>12 Commit job/chk-1/_metadata TimedOut</c>.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Number} {Kind} {Path}") + (Fault == FaultKind.None ? "" : $" {Fault}");
}

/// <summary>Kinds of <see cref="StorageOperation"/>: the members of the storage, its writers and streams, and the
/// register.</summary>
public enum StorageOperationKind
{
    /// <summary>A file is opened for reading.</summary>
    OpenRead = 0,

    /// <summary>A block is read.</summary>
    Read = 1,

    /// <summary>A length is asked for.</summary>
    GetLength = 2,

    /// <summary>Free space is asked for.</summary>
    GetSpace = 3,

    /// <summary>A file is begun.</summary>
    Create = 4,

    /// <summary>A block is written.</summary>
    Write = 5,

    /// <summary>A file is made visible.</summary>
    Commit = 6,

    /// <summary>Names are made durable.</summary>
    SyncFolders = 7,

    /// <summary>A folder is listed.</summary>
    List = 8,

    /// <summary>A file is deleted.</summary>
    Delete = 9,

    /// <summary>A file is copied or linked within the storage.</summary>
    Copy = 10,

    /// <summary>Temporary files are swept.</summary>
    SweepTemporaryFiles = 11,

    /// <summary>A local file is stored.</summary>
    StoreLocalFile = 12,

    /// <summary>A stored file is made a local one.</summary>
    FetchLocalFile = 13,

    /// <summary>A register is read.</summary>
    ReadRegister = 14,

    /// <summary>A register's record is replaced.</summary>
    ReplaceRegister = 15,
}
