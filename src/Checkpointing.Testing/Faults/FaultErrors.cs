namespace Checkpointing.Testing.Faults;

/// <summary>The exceptions that a storage would throw.</summary>
internal static class FaultErrors
{
    /// <summary>Throws for faults that leave an operation undone.</summary>
    public static void ThrowIfUndone(StorageOperation operation)
    {
        if (operation.Fault == FaultKind.NotFound)
        {
            throw new StoredFileMissingException(operation.Path);
        }

        if (operation.Fault is FaultKind.Denied or FaultKind.NoSpace or FaultKind.DeviceError or FaultKind.TimedOut)
        {
            throw Of(operation);
        }
    }

    /// <summary>The exception of a fault.</summary>
    public static CheckpointStorageUnavailableException Of(StorageOperation operation)
    {
        var (problem, isTransient, isCertain) = operation.Fault switch
        {
            FaultKind.Denied => ("access is denied", false, true),
            FaultKind.NoSpace => ("no space is left on the device", true, true),
            FaultKind.DeviceError or FaultKind.ShortWrite => ("the device reports an error", true, false),
            _ => ("no answer came in time", true, false),
        };
        return new(
            operation.Path, $"failed in {operation.Kind}: {problem} (injected fault).", isTransient: isTransient)
        {
            ChangedNothing = isCertain,
        };
    }
}
