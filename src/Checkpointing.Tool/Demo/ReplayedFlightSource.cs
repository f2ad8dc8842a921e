using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.Tool.Demo;

/// <summary>Reads the flights in order, again and again, each pass 90 days later.</summary>
/// <param name="input">The flights of one pass.</param>
/// <param name="replays">Number of passes.</param>
/// <param name="progress">Is told how far the reader is.</param>
internal sealed class ReplayedFlightSource(FlightInput input, int replays, SourceProgress progress) : ISource<Flight>
{
    /// <inheritdoc/>
    public SourceReader<Flight> CreateReader() => new Reader(input, (long)input.Count * replays, progress);

    private sealed class Reader(FlightInput input, long end, SourceProgress progress) : SourceReader<Flight>
    {
        private static readonly OperatorListStateDescriptor<long> Position = new("position");
        private static readonly OperatorListStateDescriptor<string> Fingerprint = new("input");

        private OperatorListState<long> _stored = null!;
        private OperatorListState<string> _fingerprint = null!;
        private long _position;

        /// <inheritdoc/>
        public override IReadOnlyList<StateDescriptor> States => [Position, Fingerprint];

        /// <inheritdoc/>
        public override void Open(SourceContext context)
        {
            (_stored, _fingerprint) = (context.State.GetState(Position), context.State.GetState(Fingerprint));
            _position = _stored.Items is [var position, ..] ? position : 0;
            CheckRestored();
            (progress.Restored, progress.Position) = (_position, _position);
        }

        /// <inheritdoc/>
        public override bool TryReadNext(out Flight value)
        {
            if (_position >= end)
            {
                value = default;
                return false;
            }

            value = input[_position++];
            progress.Position = _position;
            return true;
        }

        /// <inheritdoc/>
        public override void SnapshotPosition()
        {
            _stored.Replace([_position]);
            _fingerprint.Replace([input.Fingerprint]);
        }

        // Going on over other flights would give an answer that is neither input's.
        private void CheckRestored()
        {
            if (_fingerprint.Items is [var stored, ..] && stored != input.Fingerprint)
            {
                throw new ToolException(
                    $"The checkpoint was taken over another input than '{input.Path}'; "
                    + "go on with that one, or start over without --resume.");
            }

            if (_position > end)
            {
                throw new ToolException(
                    $"The checkpoint was taken after {DemoText.Count(_position)} flights, but this run reads only "
                    + $"{DemoText.Count(end)}; use more --replays, or start over without --resume.");
            }
        }
    }
}
