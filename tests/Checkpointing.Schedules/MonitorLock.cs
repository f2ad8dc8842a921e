namespace Checkpointing;

/// <summary>Takes the place of <see cref="System.Threading.Lock"/> in the core as it is compiled here: the compiler
/// makes a monitor of a <c>lock</c> on it, which Coyote controls; a real lock would stop a thread behind its
/// back.</summary>
internal sealed class Lock
{
    public bool IsHeldByCurrentThread => Monitor.IsEntered(this);
}
