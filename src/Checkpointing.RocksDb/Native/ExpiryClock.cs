using System.Runtime.InteropServices;

namespace Checkpointing.RocksDb.Native;

/// <summary>The time as compactions of one database see it: the subtask's clock, reached from a thread of
/// RocksDB.</summary>
/// <remarks>Until <see cref="Start"/> it stands before every stamp, so nothing expires: rows that were just restored
/// may not have stamps yet.</remarks>
internal sealed class ExpiryClock
{
    private readonly TimeProvider _time;
    private readonly GCHandle _handle;
    private volatile bool _isStarted;

    internal ExpiryClock(TimeProvider time)
    {
        _time = time;
        _handle = GCHandle.Alloc(this);
    }

    /// <summary>What native state refers to it by; valid until <see cref="Free"/>.</summary>
    internal nint Handle => GCHandle.ToIntPtr(_handle);

    /// <summary>From now on it tells the time.</summary>
    internal void Start() => _isStarted = true;

    /// <summary>Milliseconds since 1970-01-01 UTC; null if nothing may expire. Throws nothing: it is called from a
    /// native thread.</summary>
    internal static long? Read(nint handle)
    {
        try
        {
            return GCHandle.FromIntPtr(handle).Target is ExpiryClock { _isStarted: true } clock
                ? clock._time.GetUtcNow().ToUnixTimeMilliseconds()
                : null;
        }
        catch (Exception)
        {
            // The clock is the user's, and an exception must not leave a callback: it would end the process.
            return null;
        }
    }

    /// <summary>Lets it go; once, after the database is closed.</summary>
    internal void Free() => _handle.Free();
}
