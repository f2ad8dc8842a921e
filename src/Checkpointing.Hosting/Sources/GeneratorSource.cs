using System.Diagnostics.CodeAnalysis;
using Checkpointing.State;

namespace Checkpointing.Hosting.Sources;

/// <summary>Makes records by their number, at a rate. The position is operator state; several readers share the
/// numbers, each in their order.</summary>
/// <remarks>Immutable. The record of a number must always be the same: a restore makes those again that came after the
/// checkpoint.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public sealed class GeneratorSource<T> : ISource<T>
{
    private readonly Func<long, RecordRandom, T> _make;

    /// <summary>Makes a source whose records depend on their number alone.</summary>
    /// <param name="make">Takes a number, from 0; pure, and called by several readers at once.</param>
    public GeneratorSource(Func<long, T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        _make = (record, _) => make(record);
    }

    /// <summary>Makes a source of random records.</summary>
    /// <param name="seed">Another seed, other records.</param>
    /// <param name="make">Takes a number, from 0, and the random numbers that belong to it; pure, and called by several
    /// readers at once.</param>
    public GeneratorSource(long seed, Func<long, RecordRandom, T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        _make = make;
        Seed = seed;
    }

    /// <summary>Seed of the random numbers; 0 where there are none.</summary>
    public long Seed { get; }

    /// <summary>Number of records after which the input ends, at least 0. Default: it never ends.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public long Count
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    } = long.MaxValue;

    /// <summary>Records a second of all readers together, above 0; each reader makes its share. What back-pressure or a
    /// pause held up is made up for. Default: as many as the job takes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not above 0.</exception>
    public double RecordsPerSecond
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = double.IsNaN(value) ? throw new ArgumentOutOfRangeException(nameof(value)) : value;
        }
    } = double.PositiveInfinity;

    /// <inheritdoc/>
    public bool IsParallel => true;

    /// <inheritdoc/>
    public bool MayGrow { get; init; }

    /// <inheritdoc/>
    public SourceReader<T> CreateReader() => new Reader(this);

    private sealed class Reader(GeneratorSource<T> source) : SourceReader<T>
    {
        private InputShares _shares = null!;
        private RecordPace _pace = null!;

        public override IReadOnlyList<StateDescriptor> States => [InputShares.Descriptor];

        public override void Open(SourceContext context)
        {
            _shares = new(context);
            _pace = new(context.Time, source.RecordsPerSecond / context.Parallelism);
        }

        public override bool TryReadNext([MaybeNullWhen(false)] out T value)
        {
            if (_pace.MayTake() && _shares.TryTake(source.Count, out var record))
            {
                _pace.Take();
                value = source._make(record, new(source.Seed, record));
                return true;
            }

            value = default;
            return false;
        }

        public override async ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken)
        {
            if (_shares.IsAtEnd(source.Count))
            {
                return false;
            }

            await _pace.WaitAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }

        public override void SnapshotPosition() => _shares.SnapshotPosition();
    }
}
