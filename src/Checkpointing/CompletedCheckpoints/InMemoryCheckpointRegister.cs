namespace Checkpointing.CompletedCheckpoints;

/// <summary>Records in memory: for tests and jobs without recovery. Nothing survives the process.</summary>
public sealed class InMemoryCheckpointRegister : ICheckpointRegister
{
    private readonly Lock _lock = new();
    private readonly Dictionary<JobId, RegisterEntry> _entries = [];

    /// <inheritdoc/>
    public string Description => "memory:";

    /// <inheritdoc/>
    public ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(_entries.GetValueOrDefault(job));
        }
    }

    /// <inheritdoc/>
    public ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        StorageCheckpointRegister.CheckArguments(expectedVersion, record);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if ((_entries.GetValueOrDefault(job)?.Version ?? 0) != expectedVersion)
            {
                return new(RegisterReplacement.Lost);
            }

            _entries[job] = new(expectedVersion + 1, record.ToArray());
            return new(RegisterReplacement.Replaced);
        }
    }
}
