using Checkpointing.Hosting.Definition;

namespace Checkpointing.Hosting;

/// <summary>Definition of a job: operators and how they are connected. Immutable; may be started many times, also at
/// once.</summary>
/// <remarks>Made by <see cref="StreamJobBuilder"/>.</remarks>
public sealed class StreamJob
{
    internal StreamJob(JobId name, int maxParallelism, IReadOnlyList<Vertex> vertices)
    {
        Name = name;
        MaxParallelism = maxParallelism;
        Vertices = vertices;
    }

    /// <summary>Default name of a run.</summary>
    public JobId Name { get; }

    /// <summary>Number of key groups, 1 to 32,768; fixed for the job's life.</summary>
    public int MaxParallelism { get; }

    /// <summary>Names of the operators, upstream first.</summary>
    public IReadOnlyList<string> Operators => [.. Vertices.Select(static vertex => vertex.Name)];

    /// <summary>Upstream first.</summary>
    internal IReadOnlyList<Vertex> Vertices { get; }
}
