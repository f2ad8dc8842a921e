using Checkpointing.Hosting.Control;

namespace Checkpointing.Hosting;

/// <summary>A host has no job of this name. Look at <see cref="Known"/>.</summary>
/// <remarks>Also what <see cref="JobControl"/> answers with, as <see cref="JobRequestFailure.UnknownJob"/>.</remarks>
public sealed class UnknownJobException(string job, IReadOnlyList<string> known)
    : JobRequestException(
        job, JobRequestFailure.UnknownJob,
        $"There is no job '{job}'. "
        + (known.Count == 0 ? "This host has none." : $"This host has: {string.Join(", ", known)}."))
{
    /// <summary>Names of the host's jobs, in ordinal order.</summary>
    public IReadOnlyList<string> Known { get; } = known;
}
