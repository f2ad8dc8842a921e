using Checkpointing.Testing.State;

namespace Checkpointing.Torture.States;

/// <summary>What all state of an operator should be.</summary>
internal sealed record HistoryModel(IReadOnlyList<ModelRows> States, ModelTimers Timers)
{
    /// <summary>The model of nothing.</summary>
    internal static HistoryModel Empty(IEnumerable<HistoryState> states, TestClock clock) =>
        new([.. states.Select(state => new ModelRows(clock, state.Descriptor.TimeToLive))], new());

    internal HistoryModel Copy() => new([.. States.Select(static rows => rows.Copy())], Timers.Copy());

    /// <summary>What a restore under these declarations makes of it.</summary>
    internal void Migrate(IReadOnlyList<HistoryState> declared)
    {
        for (var state = 0; state < States.Count; state++)
        {
            States[state].Migrate(declared[state].Descriptor.TimeToLive);
        }
    }
}
