global using Lock = Checkpointing.Schedules.MonitorLock;

namespace Checkpointing.Schedules;

/// <summary>Takes the place of <see cref="System.Threading.Lock"/> in the core as it is compiled here, by the alias
/// above: the compiler makes a monitor of a <c>lock</c> on it, which Coyote controls; a real lock would stop a thread
/// behind its back.</summary>
internal sealed class MonitorLock
{
    public bool IsHeldByCurrentThread => Monitor.IsEntered(this);
}
