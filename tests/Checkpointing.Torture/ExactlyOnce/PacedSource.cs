using System.Diagnostics.CodeAnalysis;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>Reads a list and waits a little again and again, so that several checkpoints fall into the
/// stream.</summary>
/// <param name="records">What it reads.</param>
/// <param name="recordsBetweenWaits">How many between two waits of a millisecond.</param>
/// <param name="holdsAt">So many records are read, and no more: the source waits for ever. Null: all, and the input
/// ends.</param>
internal sealed class PacedSource(
    IReadOnlyList<FireRecord> records, int recordsBetweenWaits = PacedSource.DefaultPace, int? holdsAt = null)
    : ISource<FireRecord>
{
    internal const int DefaultPace = 200;

    public SourceReader<FireRecord> CreateReader() =>
        new Reader(records, recordsBetweenWaits, holdsAt ?? records.Count, isHeld: holdsAt is not null);

    private sealed class Reader(IReadOnlyList<FireRecord> records, int pace, int end, bool isHeld)
        : SourceReader<FireRecord>
    {
        private static readonly OperatorListStateDescriptor<long> s_position = new("position");

        private readonly PeriodicTimer _timer = new(TimeSpan.FromMilliseconds(1));
        private OperatorListState<long> _position = null!;
        private int _next;
        private int _waitAt;

        public override IReadOnlyList<StateDescriptor> States => [s_position];

        public override void Open(SourceContext context)
        {
            _position = context.State.GetState(s_position);
            _next = _position.Items is [var stored] ? (int)stored : 0;
            _waitAt = _next + pace;
        }

        public override bool TryReadNext([MaybeNullWhen(false)] out FireRecord value)
        {
            if (_next >= end || _next == _waitAt)
            {
                value = default;
                return false;
            }

            value = records[_next++];
            return true;
        }

        public override async ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken)
        {
            if (_next >= end && !isHeld)
            {
                return false;
            }

            await _timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
            _waitAt = _next + pace;
            return true;
        }

        public override void SnapshotPosition() => _position.Replace([_next]);

        protected override void Dispose(bool disposing)
        {
            _timer.Dispose();
            base.Dispose(disposing);
        }
    }
}
