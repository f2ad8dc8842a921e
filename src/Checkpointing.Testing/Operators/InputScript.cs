using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>All that happens to an operator from outside, in order: records, watermarks, and steps of the clock; last
/// the end of the input.</summary>
internal sealed class InputScript<TIn>
{
    private const int RecordsPerWatermark = 4;

    private readonly List<Step> _steps = [];
    private readonly TIn[] _records;

    /// <summary>Makes a script.</summary>
    /// <param name="records">The records.</param>
    /// <param name="timestampOf">Their event time; null: they have none.</param>
    /// <param name="maxOutOfOrderness">How far watermarks stay behind.</param>
    /// <param name="timeBetweenRecords">By how much the clock moves, on average.</param>
    /// <param name="random">Decides where watermarks come and how the clock moves.</param>
    public InputScript(
        TIn[] records, Func<TIn, Timestamp>? timestampOf, TimeSpan maxOutOfOrderness, TimeSpan timeBetweenRecords,
        Random random)
    {
        _records = records;
        var longestStepMs = 2 * (long)timeBetweenRecords.TotalMilliseconds;
        var newest = Timestamp.MinValue;
        for (var i = 0; i < records.Length; i++)
        {
            if (longestStepMs > 0)
            {
                _steps.Add(new(StepKind.Clock, i, new(random.NextInt64(longestStepMs + 1))));
            }

            var time = timestampOf?.Invoke(records[i]) ?? Timestamp.MinValue;
            _steps.Add(new(StepKind.Record, i, time));
            newest = time > newest ? time : newest;
            if (newest != Timestamp.MinValue && random.Next(RecordsPerWatermark) == 0)
            {
                var watermarkMs = newest.Milliseconds - (long)maxOutOfOrderness.TotalMilliseconds - 1;
                _steps.Add(new(StepKind.Watermark, i + 1, new(watermarkMs)));
            }
        }

        _steps.Add(new(StepKind.Watermark, records.Length, Timestamp.MaxValue));
    }

    private enum StepKind
    {
        Record,
        Watermark,
        Clock,
    }

    /// <summary>Number of steps.</summary>
    public int Count => _steps.Count;

    /// <summary>Number of records before a step.</summary>
    public int RecordsBefore(int step) => step == _steps.Count ? _records.Length : _steps[step].RecordsBefore;

    /// <summary>Lets one step happen.</summary>
    public void Play<TKey, TOut>(int step, KeyedOperatorHarness<TKey, TIn, TOut> harness)
        where TKey : notnull
    {
        var (kind, record, time) = _steps[step];
        switch (kind)
        {
            case StepKind.Record:
                harness.Process(_records[record], time);
                break;
            case StepKind.Watermark:
                harness.AdvanceWatermark(time);
                break;
            case StepKind.Clock:
                harness.AdvanceProcessingTime(TimeSpan.FromMilliseconds(time.Milliseconds));
                break;
        }
    }

    /// <summary>One step.</summary>
    /// <param name="Kind">What happens.</param>
    /// <param name="RecordsBefore">Records before it; the index of its record, if it is one.</param>
    /// <param name="Time">Time of the record, the watermark, or by how much the clock moves.</param>
    private readonly record struct Step(StepKind Kind, int RecordsBefore, Timestamp Time);
}
