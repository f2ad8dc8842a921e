using System.Runtime.CompilerServices;
using Checkpointing.Hosting.Operators;
using Checkpointing.State;

namespace Checkpointing.Testing.Operators;

/// <summary>Opens keyed operators for a test: without a host, on the test's own thread, in virtual time, on real
/// state.</summary>
/// <remarks>
/// The harness runs the code that the host runs: subtasks, key groups, timers, snapshots, backends. What it leaves out
/// is threads and channels: a call has done all it does when it returns. And it looks at what the operator does: an
/// object that state handed out and that is changed without being set, and a record that is emitted outside a call, are
/// a <see cref="ConformanceException"/> of the call in which it happens, or of <c>DisposeAsync</c>.
/// <code>
/// await using var harness = await KeyedOperatorHarness.OpenAsync(
///     () => new TotalsOperator(), (Flight flight) => flight.Origin, seed: 42);
/// harness.Process(flight, Timestamp.FromDateTime(flight.Date));
/// var checkpoint = await harness.CheckpointAsync();
/// await using var rescaled = await harness.RestoreAsync(checkpoint, parallelism: 3);
/// </code>
/// </remarks>
public static class KeyedOperatorHarness
{
    /// <summary>Opens an operator with one subtask and without state.</summary>
    /// <param name="factory">Makes the operator; called once a subtask.</param>
    /// <param name="keySelector">Gives a record's key. Pure.</param>
    /// <param name="seed">Gives the ids, and the order in which subtasks are told of watermarks and of the
    /// time.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="NotSupportedException">There is no built-in serializer of the key's type; pass one in the
    /// options.</exception>
    /// <exception cref="InvalidOperationException">A state has no serializer.</exception>
    public static Task<KeyedOperatorHarness<TKey, TIn, TOut>> OpenAsync<TKey, TIn, TOut>(
        Func<KeyedOperator<TKey, TIn, TOut>> factory, Func<TIn, TKey> keySelector, int seed,
        CancellationToken cancellationToken = default)
        where TKey : notnull =>
        OpenAsync(factory, keySelector, new KeyedOperatorHarnessOptions<TKey> { Seed = seed }, cancellationToken);

    /// <summary>Opens an operator without state.</summary>
    /// <param name="factory">Makes the operator; called once a subtask.</param>
    /// <param name="keySelector">Gives a record's key. Pure.</param>
    /// <param name="options">Settings; <c>new() { … }</c>.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting is outside its range; the message names it.</exception>
    /// <exception cref="ArgumentException">The serializer of keys is not canonical, or two states have one
    /// name.</exception>
    /// <exception cref="NotSupportedException">There is no built-in serializer of the key's type; pass one in the
    /// options.</exception>
    /// <exception cref="InvalidOperationException">A state has no serializer.</exception>
    // Else new() { … } could be an int as well.
    [OverloadResolutionPriority(1)]
    public static Task<KeyedOperatorHarness<TKey, TIn, TOut>> OpenAsync<TKey, TIn, TOut>(
        Func<KeyedOperator<TKey, TIn, TOut>> factory, Func<TIn, TKey> keySelector,
        KeyedOperatorHarnessOptions<TKey> options, CancellationToken cancellationToken = default)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(factory);
        ArgumentNullException.ThrowIfNull(keySelector);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var setup = new HarnessSetup<TKey, TIn, TOut>(factory, keySelector, options);
        return KeyedOperatorHarness<TKey, TIn, TOut>.OpenAsync(
            setup, checkpoint: null, options.Parallelism, setup.NewClock(), cancellationToken);
    }
}
