namespace Checkpointing.Hosting.Files;

/// <summary>One call by which the file sink changes what is on the disk, in the order in which a transaction meets
/// them.</summary>
internal enum FileStep
{
    /// <summary>The folder of parts, or the folder of the output, is made.</summary>
    MakeFolder = 0,

    /// <summary>An empty part is made.</summary>
    CreatePart = 1,

    /// <summary>Content of a part becomes durable.</summary>
    SyncPart = 2,

    /// <summary>Names in a folder become durable.</summary>
    SyncFolder = 3,

    /// <summary>The output is opened, and made if absent.</summary>
    OpenOutput = 4,

    /// <summary>Bytes are written into the output.</summary>
    WriteOutput = 5,

    /// <summary>Content of the output becomes durable.</summary>
    SyncOutput = 6,

    /// <summary>The output is cut.</summary>
    CutOutput = 7,

    /// <summary>A part is deleted.</summary>
    DeletePart = 8,
}

/// <summary>Is called before each step, with the path that it changes: a crash test lets it throw, or kills the process
/// there.</summary>
internal delegate void FileStepHook(FileStep step, string path);
