using System.Diagnostics.CodeAnalysis;

namespace Checkpointing.Hosting;

/// <summary>The jobs of a host, by name: those that run, are being started, or have ended.</summary>
/// <remarks>Of several runs under one name it holds the last one started. Safe for concurrent
/// calls.</remarks>
public sealed class JobRegistry
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, HostedJob> _jobs = new(StringComparer.Ordinal);

    internal JobRegistry()
    {
    }

    /// <summary>All jobs in the order of their names, ordinal; a copy.</summary>
    public IReadOnlyList<HostedJob> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs.Values];
            }
        }
    }

    /// <summary>The job of a name.</summary>
    /// <param name="name">Compared by ordinal.</param>
    /// <exception cref="UnknownJobException">There is none; it names those that exist.</exception>
    public HostedJob this[string name] => TryGet(name, out var job)
        ? job
        : throw new UnknownJobException(name, [.. All.Select(static known => known.Name.Name)]);

    /// <summary>Looks for the job of a name.</summary>
    /// <param name="name">Compared by ordinal.</param>
    /// <param name="job">The job.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out HostedJob? job)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            return _jobs.TryGetValue(name, out job);
        }
    }

    /// <summary>Adds a job; it takes the place of an earlier run of its name.</summary>
    internal void Add(HostedJob job)
    {
        lock (_lock)
        {
            _jobs[job.Name.Name] = job;
        }
    }
}
