using System.Diagnostics.CodeAnalysis;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Reads a collection. Its position is operator state; several readers share the items, each in their
/// order.</summary>
/// <remarks>Immutable. After a restore the items read before must still stand where they stood; more may have been put
/// behind them, where <see cref="MayGrow"/> says so.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class InMemorySource<T> : ISource<T>
{
    private readonly IReadOnlyList<T> _items;

    /// <summary>Makes a source.</summary>
    /// <param name="items">Not copied: do not change them while a job runs.</param>
    public InMemorySource(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _items = items;
    }

    /// <inheritdoc/>
    public bool IsParallel => true;

    /// <inheritdoc/>
    public bool MayGrow { get; init; }

    /// <inheritdoc/>
    public SourceReader<T> CreateReader() => new Reader(_items);

    private sealed class Reader(IReadOnlyList<T> items) : SourceReader<T>
    {
        private InputShares _shares = null!;

        public override IReadOnlyList<StateDescriptor> States => [InputShares.Descriptor];

        public override void Open(SourceContext context) => _shares = new(context);

        public override bool TryReadNext([MaybeNullWhen(false)] out T value)
        {
            if (_shares.TryTake(items.Count, out var record))
            {
                value = items[(int)record];
                return true;
            }

            value = default;
            return false;
        }

        public override void SnapshotPosition() => _shares.SnapshotPosition();
    }
}
