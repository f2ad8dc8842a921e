using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Runtime;
using Checkpointing.Hosting.Sinks;
using Checkpointing.State;

namespace Checkpointing.Hosting;

/// <summary>A stream of records in a job's definition.</summary>
/// <typeparam name="T">Type of the records. Records are shared between consumers: do not change them.</typeparam>
public class DataStream<T>
{
    internal DataStream(StreamJobBuilder job, StreamOrigin<T> origin)
    {
        Job = job;
        Origin = origin;
    }

    internal StreamJobBuilder Job { get; }

    internal StreamOrigin<T> Origin { get; }

    /// <summary>Turns each record into another; runs inside the operator before it, once for each consumer.</summary>
    /// <param name="map">Without side effects.</param>
    public DataStream<TOut> Map<TOut>(Func<T, TOut> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new(Job, Origin.Then<TOut>(next => new MapCollector<T, TOut>(map, next)));
    }

    /// <summary>Keeps the records for which the predicate holds; runs inside the operator before it, once for each
    /// consumer.</summary>
    /// <param name="predicate">Without side effects.</param>
    public DataStream<T> Filter(Func<T, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return new(Job, Origin.Then<T>(next => new FilterCollector<T>(predicate, next)));
    }

    /// <summary>Puts streams of one type together. Event time is the least of all; barriers are aligned over
    /// all.</summary>
    /// <param name="others">At least one, of the same job. The order of records of one stream is kept where its
    /// operator and the next one have the same parallelism; between streams there is none.</param>
    /// <exception cref="ArgumentException">None is given, or one is of another job.</exception>
    public DataStream<T> Union(params ReadOnlySpan<DataStream<T>> others)
    {
        List<StreamOrigin<T>> origins = [Origin];
        foreach (var other in others)
        {
            ArgumentNullException.ThrowIfNull(other, nameof(others));
            Job.CheckOwns(other.Job, nameof(others));
            origins.Add(other.Origin);
        }

        return origins.Count > 1
            ? new(Job, new UnionOrigin<T>(origins))
            : throw new ArgumentException("A union is made of at least two streams.", nameof(others));
    }

    /// <summary>Adds an operator without keys, which may have operator state; as many subtasks as the operator before
    /// it has.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="factory">Called once a subtask and attempt.</param>
    public OperatorStream<TOut> Process<TOut>(string name, Func<StreamOperator<T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var vertex = new OperatorVertex<T, TOut>(name, factory, Origin.Upstream);
        Job.Add(vertex);
        Origin.ConnectTo(vertex, EdgeKind.Forward);
        return new(Job, vertex);
    }

    /// <summary>Spreads the records by key: all of one key go to one subtask.</summary>
    /// <param name="keySelector">The key of a record; always the same for the same record.</param>
    /// <param name="keySerializer">Canonical: equal keys, equal bytes. Default: the built-in one of the type.</param>
    /// <exception cref="ArgumentException">The serializer is not canonical, or there is no built-in one.</exception>
    public KeyedStream<TKey, T> KeyBy<TKey>(Func<T, TKey> keySelector, StateSerializer<TKey>? keySerializer = null)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(keySelector);
        var serializer = keySerializer ?? StateSerializer.BuiltIn<TKey>();
        if (!serializer.IsCanonical)
        {
            throw new ArgumentException(
                $"The serializer {serializer.Identity} of key type {typeof(TKey).Name} is not canonical: equal keys "
                + "could have different bytes and would get different state. Key by a number, a string, a Guid or "
                + "a tuple of them.",
                nameof(keySerializer));
        }

        return new(this, keySelector, serializer);
    }

    /// <summary>Sends each record to all subtasks of the operator that it is connected to.</summary>
    public BroadcastStream<T> Broadcast() => new(this);

    /// <summary>Ends the stream in a sink that writes at once, without waiting for checkpoints.</summary>
    /// <param name="name">Name of the operator.</param>
    /// <param name="sink">Makes one writer a subtask; as many as the operator before it has.</param>
    public void AddSink(string name, ISink<T> sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var vertex = new SinkVertex<T>(name, sink, Origin.Upstream);
        Job.Add(vertex);
        Origin.ConnectTo(vertex, EdgeKind.Forward);
    }

    /// <summary>Ends the stream in a sink that commits when a checkpoint completes: exactly once.</summary>
    /// <param name="name">Name of the operator; its committer is <c>&lt;name&gt;-committer</c>.</param>
    /// <param name="sink">Makes one writer a subtask, as many as the operator before it has, and one committer.</param>
    public void AddSink<TCommittable>(string name, ITwoPhaseSink<T, TCommittable> sink)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var writers = new TwoPhaseWriterVertex<T, TCommittable>(name, sink, Origin.Upstream);
        var committer = new CommitterVertex<T, TCommittable>(name + "-committer", sink);
        Job.Add(writers);
        Job.Add(committer);
        Origin.ConnectTo(writers, EdgeKind.Forward);
        StreamOrigin.Of(writers, writers.Outputs).ConnectTo(committer, EdgeKind.ToSingle);
    }
}
