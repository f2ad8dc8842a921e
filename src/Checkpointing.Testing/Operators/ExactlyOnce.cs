using Checkpointing.Hosting.Operators;

namespace Checkpointing.Testing.Operators;

/// <summary>Shows that an operator gives the same after crashes as without: that all it remembers is in its state, and
/// that nothing but its input decides what it does.</summary>
/// <remarks>
/// <para>For each seed the records are run twice. Once straight through, with one subtask. And once with checkpoints at
/// random places, some of which never complete, and crashes at random places: each throws away the instances, and the
/// state and the output since the last checkpoint; new instances are opened from it, at a random parallelism, and the
/// source goes back. Then both have to have emitted the same, per key in the same order, and to have the same keyed
/// state and timers, before the end of the input and after it. Lists of the operator are not compared: how their items
/// are dealt depends on the parallelism.</para>
/// <para>Where watermarks come, and how far the clock moves between two records, is random too, and belongs to the
/// input: a record that is replayed finds the watermark and the clock of the first time. So timers of both clocks are
/// tried, and an operator is not blamed for using <see cref="KeyedElementContext{TKey}.ProcessingTime"/>. The system's
/// clock, random numbers, fields that are not state and static ones give differences. What
/// <see cref="KeyedOperatorHarness"/> finds, this finds as well.</para>
/// <code>
/// await ExactlyOnce.VerifyAsync(
///     () => new TotalsOperator(), (Flight flight) => flight.Origin, flights,
///     new() { Seeds = 200, TimestampOf = flight => Timestamp.FromDateTime(flight.Date) });
/// </code>
/// </remarks>
public static class ExactlyOnce
{
    /// <summary>Runs all seeds, one after the other, on the caller's thread; the first failure ends it.</summary>
    /// <param name="factory">Makes the operator; called once a subtask and start.</param>
    /// <param name="keySelector">Gives a record's key. Pure.</param>
    /// <param name="records">The input, in order; read once. The operator must not change them.</param>
    /// <param name="options">Settings; <c>new() { … }</c>. Default: those of a new object.</param>
    /// <param name="cancellationToken">Observed between two records.</param>
    /// <returns>What was tried: few records may leave little to crash between.</returns>
    /// <exception cref="ExactlyOnceException">A seed failed; the message says how, and how to replay it.</exception>
    /// <exception cref="ArgumentException">There are no records.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting is outside its range; the message names it.</exception>
    public static async Task<ExactlyOnceReport> VerifyAsync<TKey, TIn, TOut>(
        Func<KeyedOperator<TKey, TIn, TOut>> factory, Func<TIn, TKey> keySelector, IEnumerable<TIn> records,
        ExactlyOnceOptions<TKey, TIn, TOut>? options = null, CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(keySelector);
        ArgumentNullException.ThrowIfNull(records);
        options ??= new();
        options.Validate();
        TIn[] input = [.. records];
        if (input.Length == 0)
        {
            throw new ArgumentException("Without records nothing is tried.", nameof(records));
        }

        var report = new ExactlyOnceReport();
        for (var i = 0; i < options.Seeds; i++)
        {
            var trial = new ExactlyOnceTrial<TKey, TIn, TOut>(
                factory, keySelector, input, options, options.FirstSeed + i);
            report = report.Plus(await trial.RunAsync(cancellationToken).ConfigureAwait(false));
        }

        return report;
    }
}
