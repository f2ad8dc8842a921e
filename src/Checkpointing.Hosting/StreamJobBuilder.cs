using Checkpointing.Coordination;
using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Sources;

namespace Checkpointing.Hosting;

/// <summary>Defines a job: add sources, derive streams, end them in sinks, build.</summary>
/// <remarks>Names of operators are identities across versions of a program: state is found again by them.
/// Not safe for concurrent calls.</remarks>
public sealed class StreamJobBuilder
{
    private readonly List<Vertex> _vertices = [];
    private readonly JobId _name;
    private readonly int _maxParallelism;
    private bool _isBuilt;

    /// <summary>Begins a job.</summary>
    /// <param name="name">Default name of its runs.</param>
    /// <param name="maxParallelism">Number of key groups, 1 to 32,768; fixed for the job's life.</param>
    public StreamJobBuilder(JobId name, int maxParallelism = 128)
    {
        _ = new JobTopology(name, maxParallelism);
        _name = name;
        _maxParallelism = maxParallelism;
    }

    /// <summary>Adds a source. It runs as one subtask, or, if its readers share the input
    /// (<see cref="ISource{T}.IsParallel"/>), at the job's parallelism.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="source">Makes a reader for each attempt.</param>
    public SourceStream<T> AddSource<T>(string name, ISource<T> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var vertex = new SourceVertex<T>(name, source);
        Add(vertex);
        return new(this, vertex);
    }

    /// <summary>Checks the definition and freezes it.</summary>
    /// <exception cref="ArgumentException">A name of an operator is missing, malformed or given twice.</exception>
    /// <exception cref="InvalidOperationException">There is no source, or the job was built before.</exception>
    public StreamJob Build()
    {
        ThrowIfBuilt();
        if (_vertices.Count == 0)
        {
            throw new InvalidOperationException($"Job '{_name}' has no source. Add one before Build.");
        }

        var names = new JobTopology(_name, _maxParallelism);
        foreach (var vertex in _vertices)
        {
            names.Add(vertex.Name, 1);
        }

        _isBuilt = true;
        return new(_name, _maxParallelism, _vertices);
    }

    internal void Add(Vertex vertex)
    {
        ThrowIfBuilt();
        _vertices.Add(vertex);
    }

    /// <summary>Refuses a stream of another builder.</summary>
    internal void CheckOwns(StreamJobBuilder other, string parameter)
    {
        if (!ReferenceEquals(this, other))
        {
            throw new ArgumentException(
                $"The stream belongs to another builder, of job '{other._name}'; both have to be of one job.",
                parameter);
        }
    }

    internal void ThrowIfBuilt()
    {
        if (_isBuilt)
        {
            throw new InvalidOperationException($"Job '{_name}' is built already; begin another builder.");
        }
    }
}
