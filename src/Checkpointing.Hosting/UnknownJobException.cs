namespace Checkpointing.Hosting;

/// <summary>A host has no job of this name. Look at <see cref="Known"/>.</summary>
public sealed class UnknownJobException(string job, IReadOnlyList<string> known)
    : CheckpointingException(
        $"There is no job '{job}'. "
        + (known.Count == 0 ? "This host has none." : $"This host has: {string.Join(", ", known)}."))
{
    /// <summary>The name that was asked for.</summary>
    public string Job { get; } = job;

    /// <summary>Names of the host's jobs, in ordinal order.</summary>
    public IReadOnlyList<string> Known { get; } = known;
}
