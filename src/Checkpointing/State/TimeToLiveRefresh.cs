namespace Checkpointing.State;

/// <summary>What begins a value's time to live anew.</summary>
public enum TimeToLiveRefresh
{
    /// <summary>Writing it. Reading costs no write.</summary>
    OnWrite = 0,

    /// <summary>Writing it, and reading it: a value, a map's entry, or a list, whose elements then all begin anew.
    /// Such a read also writes, but not while the state is being enumerated. Asking whether something is empty,
    /// enumerating a map and <c>ReadAll</c> begin nothing anew.</summary>
    OnReadAndWrite = 1,
}
