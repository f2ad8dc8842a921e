using System.Globalization;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.WebSample;

/// <summary>Readings that become available as somebody else counts them up in a file.</summary>
/// <param name="counter">The file: how many there are so far. Replaced as a whole; none: zero.</param>
/// <param name="total">The input ends after so many.</param>
internal sealed class GrowingSource(string counter, long total) : ISource<Reading>
{
    public SourceReader<Reading> CreateReader() => new Reader(counter, total);

    private sealed class Reader(string counter, long total) : SourceReader<Reading>
    {
        private static readonly OperatorListStateDescriptor<long> s_position = new("position");
        private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

        private OperatorListState<long> _position = null!;
        private long _next;
        private long _available;

        public override IReadOnlyList<StateDescriptor> States => [s_position];

        public override void Open(SourceContext context)
        {
            _position = context.State.GetState(s_position);
            _next = _position.Items is [var stored] ? stored : 0;
        }

        public override bool TryReadNext(out Reading value)
        {
            value = _next < _available ? ReadingsJob.ReadingAt(_next) : default;
            return _next < _available && _next++ >= 0;
        }

        public override async ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken)
        {
            using var timer = new PeriodicTimer(s_pause);
            while (_next < total)
            {
                _available = File.Exists(counter)
                    ? long.Parse(await File.ReadAllTextAsync(counter, cancellationToken), CultureInfo.InvariantCulture)
                    : 0;
                if (_next < _available)
                {
                    return true;
                }

                await timer.WaitForNextTickAsync(cancellationToken);
            }

            return false;
        }

        public override void SnapshotPosition() => _position.Replace([_next]);
    }
}
