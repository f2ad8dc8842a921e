using Checkpointing.Hosting.Execution;

namespace Checkpointing.Hosting;

/// <summary>What happens when a subtask fails: the job starts again from its newest checkpoint, or fails for
/// good.</summary>
/// <remarks>Immutable; one may serve many jobs. A decision follows from what happened to the job before, the time of
/// the
/// failure and one random number, and from nothing else. A start that fails counts as a failure, too.</remarks>
public abstract class RestartStrategy
{
    private protected RestartStrategy()
    {
    }

    /// <summary>The job fails at once.</summary>
    public static RestartStrategy None { get; } = new NoRestarts();

    /// <summary>The job starts again so many times over its whole run.</summary>
    /// <param name="attempts">At least 1.</param>
    /// <param name="delay">Before each; at least zero.</param>
    public static RestartStrategy FixedDelay(int attempts, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1);
        CheckDelay(delay, TimeSpan.Zero, nameof(delay));
        return new FixedDelayRestarts(attempts, delay);
    }

    /// <summary>Each restart waits longer than the one before, until the job has run quietly for a while.</summary>
    /// <param name="initialDelay">Before the first; at least 1 ms.</param>
    /// <param name="maxDelay">The longest; at least <paramref name="initialDelay"/>.</param>
    /// <param name="factor">Next delay ÷ the one before, 1 to 100. Default: 2.</param>
    /// <param name="jitter">How far each delay is off by chance, as a share of it, 0 to 1: many jobs that failed
    /// together do not come back together. No delay is longer than <paramref name="maxDelay"/>. Default: 0.1.</param>
    /// <param name="quietTime">A job that has run so long without a failure begins with the first delay again; at
    /// least <paramref name="maxDelay"/>. Default: 1 hour, or <paramref name="maxDelay"/> if that is longer.</param>
    /// <param name="attempts">Restarts without a quiet time between them before the job fails, at least 1; null: no
    /// limit. Default: null.</param>
    public static RestartStrategy ExponentialDelay(
        TimeSpan initialDelay, TimeSpan maxDelay, double factor = 2, double jitter = 0.1, TimeSpan? quietTime = null,
        int? attempts = null)
    {
        CheckDelay(initialDelay, TimeSpan.FromMilliseconds(1), nameof(initialDelay));
        CheckDelay(maxDelay, initialDelay, nameof(maxDelay));
        CheckNumber(factor, 1, 100, nameof(factor));
        CheckNumber(jitter, 0, 1, nameof(jitter));
        var quiet = quietTime ?? (maxDelay > TimeSpan.FromHours(1) ? maxDelay : TimeSpan.FromHours(1));
        CheckDelay(quiet, maxDelay, nameof(quietTime));
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts ?? 1, 1, nameof(attempts));
        return new ExponentialRestarts(initialDelay, maxDelay, factor, jitter, quiet, attempts);
    }

    /// <summary>The job starts again as long as it does not fail too often.</summary>
    /// <param name="maxFailures">Failures within <paramref name="window"/> that it survives, 1 to 1,000.</param>
    /// <param name="window">Time that is looked back; at least 1 ms.</param>
    /// <param name="delay">Before each restart; at least zero.</param>
    public static RestartStrategy FailureRate(int maxFailures, TimeSpan window, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFailures, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxFailures, RestartHistory.MaxKept);
        CheckDelay(window, TimeSpan.FromMilliseconds(1), nameof(window));
        CheckDelay(delay, TimeSpan.Zero, nameof(delay));
        return new FailureRateRestarts(maxFailures, window, delay);
    }

    /// <summary>Decides on one failure.</summary>
    /// <param name="history">Restarts of the job so far.</param>
    /// <param name="failedAt">When it failed.</param>
    /// <param name="random">At least 0, less than 1.</param>
    /// <returns>Null: the job fails for good.</returns>
    internal abstract Restart? Decide(RestartHistory history, DateTimeOffset failedAt, double random);

    private static void CheckDelay(TimeSpan value, TimeSpan least, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(30), name);
    }

    private static void CheckNumber(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most))
        {
            throw new ArgumentOutOfRangeException(name, value, FormattableString.Invariant($"{least} to {most}"));
        }
    }

    private sealed class NoRestarts : RestartStrategy
    {
        internal override Restart? Decide(RestartHistory history, DateTimeOffset failedAt, double random) => null;
    }

    private sealed class FixedDelayRestarts(int attempts, TimeSpan delay) : RestartStrategy
    {
        internal override Restart? Decide(RestartHistory history, DateTimeOffset failedAt, double random) =>
            history.Count < attempts ? new(failedAt, delay, delay, history.Count + 1) : null;
    }

    private sealed class ExponentialRestarts(
        TimeSpan initialDelay, TimeSpan maxDelay, double factor, double jitter, TimeSpan quietTime, int? attempts)
        : RestartStrategy
    {
        internal override Restart? Decide(RestartHistory history, DateTimeOffset failedAt, double random)
        {
            var backOff = initialDelay;
            var inARow = 1;
            if (history.Last is { } last && failedAt - (last.FailedAt + last.Delay) < quietTime)
            {
                backOff = Shorter(last.BackOff * factor, maxDelay);
                inARow = last.InARow + 1;
            }

            return inARow > attempts
                ? null
                : new(failedAt, Shorter(backOff * (1 + (jitter * ((2 * random) - 1))), maxDelay), backOff, inARow);
        }

        private static TimeSpan Shorter(TimeSpan left, TimeSpan right) => left < right ? left : right;
    }

    private sealed class FailureRateRestarts(int maxFailures, TimeSpan window, TimeSpan delay) : RestartStrategy
    {
        internal override Restart? Decide(RestartHistory history, DateTimeOffset failedAt, double random)
        {
            // This failure, and those that the window still reaches.
            var failures = 1 + history.Newest.Count(restart => restart.FailedAt > failedAt - window);
            return failures <= maxFailures ? new(failedAt, delay, delay, failures) : null;
        }
    }
}
