using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Deals a numbered input to several readers, and keeps how far each part of it was read.</summary>
/// <remarks>
/// <para>Record i belongs to share i modulo the max parallelism, share s to reader s modulo the number of readers: so a
/// share never changes, whatever the number of readers does. A reader goes through its shares in the order of the
/// records.</para>
/// <para>The state holds the next record of each share, from all readers for all (union): a reader picks its own, also
/// after rescaling, and a share of which nothing is stored begins at its first record.</para>
/// </remarks>
internal sealed class InputShares
{
    private readonly PriorityQueue<long, long> _next = new();
    private readonly OperatorListState<long> _state;
    private readonly int _shareCount;

    public InputShares(SourceContext context)
    {
        _state = context.State.GetState(Descriptor);
        _shareCount = context.MaxParallelism;
        var stored = _state.Items.ToDictionary(next => next % _shareCount);
        for (var share = context.SubtaskIndex; share < _shareCount; share += context.Parallelism)
        {
            var next = stored.GetValueOrDefault(share, share);
            _next.Enqueue(next, next);
        }
    }

    public static OperatorListStateDescriptor<long> Descriptor { get; } =
        new("next-records") { Redistribution = StateRedistribution.Union };

    /// <summary>Takes the number of the reader's next record.</summary>
    /// <param name="count">Records of the whole input.</param>
    /// <param name="record">From 0.</param>
    /// <returns>False if the reader has had all of its shares.</returns>
    public bool TryTake(long count, out long record)
    {
        if (!_next.TryPeek(out record, out _) || record >= count)
        {
            return false;
        }

        _next.DequeueEnqueue(record + _shareCount, record + _shareCount);
        return true;
    }

    /// <summary>Whether the reader has had all of its shares.</summary>
    public bool IsAtEnd(long count) => !_next.TryPeek(out var record, out _) || record >= count;

    public void SnapshotPosition() => _state.Replace(_next.UnorderedItems.Select(static item => item.Element).Order());
}
