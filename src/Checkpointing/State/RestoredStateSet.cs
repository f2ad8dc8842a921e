using Checkpointing.StateHandles;

namespace Checkpointing.State;

/// <summary>Collects the descriptions of all parts of a checkpoint that one backend restores.</summary>
/// <param name="operatorName">For messages.</param>
public sealed class RestoredStateSet(string operatorName)
{
    private readonly List<StateDescription> _states = [];

    /// <summary>What was found, each state once.</summary>
    public IReadOnlyList<StateDescription> States => _states;

    /// <summary>Adds the descriptions of one part.</summary>
    /// <exception cref="CheckpointCorruptException">Another part describes a state in another way.</exception>
    public void Add(IEnumerable<StateDescription> part)
    {
        ArgumentNullException.ThrowIfNull(part);
        foreach (var state in part)
        {
            if (_states.Find(known => known.Name == state.Name) is not { } other)
            {
                _states.Add(state);
            }
            else if (other != state)
            {
                throw new CheckpointCorruptException(
                    $"operator {operatorName}/state {state.Name}", 0, "one description in all parts", "two");
            }
        }
    }
}
