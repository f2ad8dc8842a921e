using Checkpointing.Hosting.Definition;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.Hosting.Runtime;

/// <summary>Reads records, gives them event time, makes watermarks, and keeps how far it is.</summary>
internal sealed class SourceLogic<T>(
    SourceReader<T> reader, long? pauseAfter, EventTime<T>? eventTime, Collector<T> output) : SourceLogic
{
    private const int MaxRecordsPerStep = 256;

    private SubtaskState? _state;
    private OperatorListState<SourceProgress> _progress = null!;
    private JobCounters _counters = null!;
    private long? _pauseAfter;
    private Timestamp _watermark = Timestamp.MinValue;
    private Timestamp _newest = Timestamp.MinValue;
    private long _count;
    private long _sinceWatermark;

    public override DeclaredStates Declared => new([SourceProgress.Descriptor, .. reader.States]);

    public override Timestamp Watermark => _watermark;

    public override long RecordCount => _count;

    public override async ValueTask OpenAsync(SubtaskContext context, CancellationToken cancellationToken)
    {
        _state = await SubtaskState.OpenAsync(
            context.State with { States = [SourceProgress.Descriptor, .. reader.States] }, cancellationToken)
            .ConfigureAwait(false);
        var (index, parallelism) = (context.Address.Index, context.Parallelism);
        _counters = context.Counters;
        _progress = _state.Operator.GetState(SourceProgress.Descriptor);
        (_count, _newest, _sinceWatermark, _watermark) =
            SourceProgress.Restore(_progress.Items, index, parallelism);
        _pauseAfter = pauseAfter is { } total ? SourceProgress.ShareOf(total, index, parallelism) : null;
        reader.Open(new(context, _state.Operator));
    }

    public override SourceStep Step()
    {
        var read = 0;
        var step = SourceStep.Progressed;
        while (read < MaxRecordsPerStep)
        {
            if (_count >= _pauseAfter)
            {
                step = SourceStep.Paused;
                break;
            }

            if (!reader.TryReadNext(out var value))
            {
                step = SourceStep.Waiting;
                break;
            }

            _count++;
            read++;
            if (TakeAndAdvance(value))
            {
                break;
            }
        }

        _counters.AddElementsRead(read);
        return step;
    }

    public override ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken) =>
        reader.WaitForMoreAsync(cancellationToken);

    public override void BeforeBarrier(CheckpointId checkpoint)
    {
        reader.SnapshotPosition();
        _progress.Replace([new(_count, _newest, _sinceWatermark, _watermark)]);
    }

    public override ISnapshotPlan PrepareSnapshot(SnapshotRequest request) => _state!.PrepareSnapshot(request);

    public override void NotifyCompleted(CheckpointId checkpoint) => _state!.NotifyCompleted(checkpoint);

    public override void NotifyAborted(CheckpointId checkpoint) => _state!.NotifyAborted(checkpoint);

    public override async ValueTask DisposeAsync()
    {
        reader.Dispose();
        if (_state is { } state)
        {
            _state = null;
            await state.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <returns>Whether the watermark has moved: it has to go out before the next record.</returns>
    private bool TakeAndAdvance(T value)
    {
        if (eventTime is null)
        {
            output.Collect(value, Timestamp.MinValue);
            return false;
        }

        var time = eventTime.Extract(value);
        output.Collect(value, time);
        if (time > _newest)
        {
            _newest = time;
        }

        if (++_sinceWatermark < eventTime.RecordsPerWatermark)
        {
            return false;
        }

        _sinceWatermark = 0;
        var watermark = new Timestamp(_newest.Milliseconds - eventTime.MaxOutOfOrdernessMs - 1);
        if (watermark <= _watermark)
        {
            return false;
        }

        _watermark = watermark;
        return true;
    }
}
