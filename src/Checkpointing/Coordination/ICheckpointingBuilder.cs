using Checkpointing.CompletedCheckpoints;
using Checkpointing.State;
using Checkpointing.Storage;

namespace Checkpointing.Coordination;

/// <summary>Takes what makes the components of a host: the builder of a host, or of the services of a
/// container.</summary>
/// <remarks>
/// <para>A package with a backend, a storage or a register extends this interface by a method such as
/// <c>UseRocksDbBackend</c>, and so is at home in every host without knowing one: neither a container nor a host is
/// needed to use the package.</para>
/// <para>What such a method makes belongs to the host, which disposes it after its last job. The last one given of a
/// kind counts. Not safe for concurrent calls.</para>
/// </remarks>
public interface ICheckpointingBuilder
{
    /// <summary>Sets where checkpoints are stored.</summary>
    /// <param name="make">Called once, when the host is made.</param>
    void SetStorage(Func<ComponentContext, ICheckpointStorage> make);

    /// <summary>Sets where keyed state lives.</summary>
    /// <param name="make">Called once, when the host is made.</param>
    void SetBackend(Func<ComponentContext, IKeyedStateBackendFactory> make);

    /// <summary>Sets where the list of completed checkpoints is kept.</summary>
    /// <param name="make">Called once, when the host is made.</param>
    void SetRegister(Func<ComponentContext, ICheckpointRegister> make);
}
