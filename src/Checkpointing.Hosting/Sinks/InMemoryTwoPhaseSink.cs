using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Collects records in memory, exactly once: they appear when the checkpoint that holds them
/// completes.</summary>
/// <remarks>
/// <para>For tests, and for services that read their results where they are made. Safe for concurrent calls. Records
/// that are prepared and not yet committed are part of the checkpoint, so they survive the process; what was committed
/// lives as long as this object. Between the two nothing is lost or doubled: a job that goes back to an older
/// checkpoint takes back what it had committed since.</para>
/// <para><see cref="FirstIndex"/> is 0 as long as one object sees the whole life of a job. An object that comes to a
/// job later, after a new start of the process, holds what was committed since then, and knows how much went
/// before.</para>
/// </remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class InMemoryTwoPhaseSink<T> : ITwoPhaseSink<T, T[]>
{
    private readonly Lock _lock = new();
    private readonly CollectedItems<T> _items = new();
    private object? _owner;
    private long _firstIndex;

    /// <summary>Makes a sink.</summary>
    /// <param name="serializer">Of records. Default: the built-in one of the type.</param>
    /// <exception cref="NotSupportedException">There is no built-in one.</exception>
    public InMemoryTwoPhaseSink(StateSerializer<T>? serializer = null) =>
        CommittableSerializer = StateSerializer.Array(serializer ?? StateSerializer.BuiltIn<T>());

    /// <inheritdoc/>
    public StateSerializer<T[]> CommittableSerializer { get; }

    /// <summary>Number, in the job's whole output, of the first item that is here.</summary>
    public long FirstIndex => Interlocked.Read(ref _firstIndex);

    /// <summary>Number of records that are here now.</summary>
    public int Count => _items.Count;

    /// <summary>What was committed, copied: checkpoint by checkpoint, and in each by subtask.</summary>
    public IReadOnlyList<T> Items => _items.Copy();

    /// <summary>Waits until at least so many records are here at once. A job that falls back may take some away
    /// again.</summary>
    public Task WaitForCountAsync(int count, CancellationToken cancellationToken = default) =>
        _items.WaitForCountAsync(count, cancellationToken);

    /// <inheritdoc/>
    public TwoPhaseWriter<T, T[]> CreateWriter() => new Writer();

    /// <inheritdoc/>
    public SinkCommitter<T[]> CreateCommitter() => new Committer(this);

    private void Begin(object owner, long committed, IReadOnlyList<T[]> pending)
    {
        lock (_lock)
        {
            _owner = owner;
            var here = committed - _firstIndex;
            if (here < 0 || here > _items.Count)
            {
                // Committed by another object, which is gone.
                _items.RemoveFrom(0);
                _firstIndex = committed;
            }
            else
            {
                _items.RemoveFrom((int)here);
            }

            AddNeedsLock(pending);
        }
    }

    private bool TryAdd(object owner, IReadOnlyList<T[]> committables)
    {
        lock (_lock)
        {
            if (_owner != owner)
            {
                return false;
            }

            AddNeedsLock(committables);
            return true;
        }
    }

    private void AddNeedsLock(IReadOnlyList<T[]> committables)
    {
        foreach (var items in committables)
        {
            _items.AddRange(items);
        }
    }

    private sealed class Writer : TwoPhaseWriter<T, T[]>
    {
        private readonly List<T> _items = [];

        public override void Write(T value, Timestamp time) => _items.Add(value);

        public override IReadOnlyList<T[]> Prepare(CheckpointId checkpoint)
        {
            if (_items.Count == 0)
            {
                return [];
            }

            T[] prepared = [.. _items];
            _items.Clear();
            return [prepared];
        }
    }

    private sealed class Committer(InMemoryTwoPhaseSink<T> sink) : SinkCommitter<T[]>
    {
        private static readonly OperatorListStateDescriptor<long> Committed = new("committed-count");

        private OperatorListState<long> _state = null!;
        private long _committed;

        public override IReadOnlyList<StateDescriptor> States => [Committed];

        public override void Open(SinkContext context, IReadOnlyList<T[]> pending)
        {
            _state = context.State.GetState(Committed);
            _committed = _state.Items is [var stored] ? stored : 0;
            sink.Begin(this, _committed, pending);
            _committed += CountOf(pending);
        }

        public override void Commit(IReadOnlyList<T[]> committables)
        {
            // A committer whose job was taken over commits nothing: the new one has it in its own state.
            if (sink.TryAdd(this, committables))
            {
                _committed += CountOf(committables);
            }
        }

        public override void SnapshotState() => _state.Replace([_committed]);

        private static long CountOf(IReadOnlyList<T[]> committables) =>
            committables.Sum(static items => (long)items.Length);
    }
}
