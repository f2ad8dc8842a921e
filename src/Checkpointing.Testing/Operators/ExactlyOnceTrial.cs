using System.Text;
using Checkpointing.Hosting.Operators;
using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>One seed: a run without a crash, a run with, and what they differ in.</summary>
internal sealed class ExactlyOnceTrial<TKey, TIn, TOut>
    where TKey : notnull
{
    private const int CheckpointsPerCrash = 2;
    private const int CheckpointsPerFailedOne = 4;

    private readonly Func<KeyedOperator<TKey, TIn, TOut>> _factory;
    private readonly Func<TIn, TKey> _keySelector;
    private readonly ExactlyOnceOptions<TKey, TIn, TOut> _options;
    private readonly InputScript<TIn> _script;
    private readonly int _seed;
    private readonly Random _random;
    private readonly StringBuilder _story = new();
    private ExactlyOnceReport _report = new() { Seeds = 1 };

    public ExactlyOnceTrial(
        Func<KeyedOperator<TKey, TIn, TOut>> factory, Func<TIn, TKey> keySelector, TIn[] records,
        ExactlyOnceOptions<TKey, TIn, TOut> options, int seed)
    {
        (_factory, _keySelector, _options, _seed, _random) = (factory, keySelector, options, seed, new(seed));
        _script = new(
            records, options.TimestampOf, options.MaxOutOfOrderness, options.TimeBetweenRecords, _random);
    }

    /// <summary>Runs it.</summary>
    /// <returns>What was tried.</returns>
    /// <exception cref="ExactlyOnceException">The seed failed.</exception>
    public async Task<ExactlyOnceReport> RunAsync(CancellationToken cancellationToken)
    {
        var run = "the run without a crash";
        try
        {
            var expected = await RunStraightAsync(cancellationToken).ConfigureAwait(false);
            run = "the run with crashes";
            var found = await RunWithCrashesAsync(cancellationToken).ConfigureAwait(false);
            return expected.FindDifference(found) is not { } difference ? _report : throw new ExactlyOnceException(
                _seed,
                $"Seed {_seed}: the outcome after crashes is not that of a run without. {difference}{Story()}");
        }
        catch (Exception e) when (e is not ExactlyOnceException && !cancellationToken.IsCancellationRequested)
        {
            // Whatever the user's code throws, the seed belongs to it.
            var what = e is ConformanceException ? "" : $"{e.GetType().Name}: ";
            throw new ExactlyOnceException(_seed, $"Seed {_seed}: {run} failed. {what}{e.Message}{Story()}", e);
        }
    }

    private async Task<OperatorOutcome<TKey, TOut>> RunStraightAsync(CancellationToken cancellationToken)
    {
        var setup = NewSetup();
        var outcome = NewOutcome(setup);
        var harness = await KeyedOperatorHarness<TKey, TIn, TOut>.OpenAsync(
            setup, null, 1, setup.NewClock(), cancellationToken).ConfigureAwait(false);
        await using (harness.ConfigureAwait(false))
        {
            for (var step = 0; step < _script.Count; step++)
            {
                Play(step, harness, outcome, cancellationToken);
            }

            outcome.Output.AddRange(harness.Emissions);
            outcome.StateAtEnd = [.. harness.ReadRows()];
        }

        return outcome;
    }

    private async Task<OperatorOutcome<TKey, TOut>> RunWithCrashesAsync(CancellationToken cancellationToken)
    {
        var setup = NewSetup();
        var outcome = NewOutcome(setup);
        int[] ends = [.. Enumerable.Range(0, _options.Crashes).Select(_ => _random.Next(1, _script.Count + 1)).Order(),
            _script.Count];
        var progress = new Progress(null, 0);
        for (var life = 0; life < ends.Length; life++)
        {
            var isLast = life == ends.Length - 1;
            var harness = await StartAsync(setup, progress, cancellationToken).ConfigureAwait(false);
            await using (harness.ConfigureAwait(false))
            {
                progress = await LiveAsync(harness, progress, ends[life], outcome, cancellationToken)
                    .ConfigureAwait(false);
                if (isLast)
                {
                    outcome.Output.AddRange(harness.Emissions);
                    outcome.StateAtEnd = [.. harness.ReadRows()];
                }
            }

            if (!isLast)
            {
                Crash(ends[life], progress);
            }
        }

        return outcome;
    }

    private Task<KeyedOperatorHarness<TKey, TIn, TOut>> StartAsync(
        HarnessSetup<TKey, TIn, TOut> setup, Progress from, CancellationToken cancellationToken)
    {
        var parallelism = _random.Next(1, _options.MaxParallelism + 1);
        var clock = setup.NewClock();
        if (from.Checkpoint is { } checkpoint)
        {
            // Time is replayed with the records.
            clock.Milliseconds = checkpoint.ClockMs;
            _report = _report with
            {
                Restores = _report.Restores + 1,
                Rescalings = _report.Rescalings + (checkpoint.Parallelism == parallelism ? 0 : 1),
            };
        }

        Tell($"{parallelism} subtask{(parallelism == 1 ? "" : "s")} from {Where(from.Step)}");
        return KeyedOperatorHarness<TKey, TIn, TOut>.OpenAsync(
            setup, from.Checkpoint, parallelism, clock, cancellationToken);
    }

    private async Task<Progress> LiveAsync(
        KeyedOperatorHarness<TKey, TIn, TOut> harness, Progress from, int end, OperatorOutcome<TKey, TOut> outcome,
        CancellationToken cancellationToken)
    {
        var progress = from;
        var stepsPerCheckpoint = Math.Max(1, _script.Count / (CheckpointsPerCrash * (_options.Crashes + 1)));
        for (var step = from.Step; step < end; step++)
        {
            Play(step, harness, outcome, cancellationToken);
            if (_random.Next(stepsPerCheckpoint) != 0)
            {
                continue;
            }

            var isCompleted = _random.Next(CheckpointsPerFailedOne) != 0;
            var checkpoint = await harness.CheckpointAsync(isCompleted, cancellationToken).ConfigureAwait(false);
            Tell($"checkpoint {(isCompleted ? "" : "that fails ")}after {Where(step + 1)}");
            if (isCompleted)
            {
                outcome.Output.AddRange(harness.Emissions);
                harness.ClearOutput();
                progress = new(checkpoint, step + 1);
                _report = _report with { Checkpoints = _report.Checkpoints + 1 };
            }
        }

        return progress;
    }

    private void Play(
        int step, KeyedOperatorHarness<TKey, TIn, TOut> harness, OperatorOutcome<TKey, TOut> outcome,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (step == _script.Count - 1)
        {
            outcome.StateBeforeEnd = [.. harness.ReadRows()];
        }

        _script.Play(step, harness);
    }

    private void Crash(int at, Progress backTo)
    {
        Tell($"crash after {Where(at)}");
        _report = _report with
        {
            Crashes = _report.Crashes + 1,
            ReplayedRecords = _report.ReplayedRecords + _script.RecordsBefore(at) - _script.RecordsBefore(backTo.Step),
        };
    }

    private HarnessSetup<TKey, TIn, TOut> NewSetup() => new(_factory, _keySelector, new()
    {
        Seed = _seed,
        MaxParallelism = KeyGroupAssignment.DefaultMaxParallelism(_options.MaxParallelism),
        Backend = _options.Backend,
        KeySerializer = _options.KeySerializer,
    });

    private OperatorOutcome<TKey, TOut> NewOutcome(HarnessSetup<TKey, TIn, TOut> setup) =>
        new(setup.KeySerializer, _options.OutputComparer ?? EqualityComparer<TOut>.Default);

    private void Tell(string what) => _story.Append(_story.Length == 0 ? "" : ", ").Append(what);

    private string Where(int step) => step == 0 ? "the start"
        : step == _script.Count ? "the end"
        : $"record {_script.RecordsBefore(step)}";

    private string Story() =>
        (_story.Length == 0 ? "" : $"{Environment.NewLine}The run: {_story}.")
        + $"{Environment.NewLine}To replay it: FirstSeed = {_seed}, Seeds = 1, Crashes = {_options.Crashes}, "
        + $"MaxParallelism = {_options.MaxParallelism}, the same records, the other settings unchanged.";

    /// <summary>Where the next start goes on.</summary>
    /// <param name="Checkpoint">The last checkpoint; null: there is none.</param>
    /// <param name="Step">The step that follows it.</param>
    private sealed record Progress(KeyedOperatorCheckpoint? Checkpoint, int Step);
}
