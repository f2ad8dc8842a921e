using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Checkpointing.RocksDb.Native;

/// <summary>Hears from one database which memtables are sealed and when a flush ends.</summary>
/// <remarks>RocksDB calls from its own threads, without its lock, through static callbacks that do not throw. A
/// memtable is among the immutable ones before it is announced here, so what was heard is never ahead of what
/// is.</remarks>
internal sealed unsafe class MemtableEvents
{
    private const uint CompactionFailed = 1;

    private readonly Lock _lock = new();
    private readonly List<MemtableWatch> _watches = [];
    private TaskCompletionSource _next = NewSource();

    /// <summary>Ends with the next flush, or with the next failure of background work.</summary>
    internal Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Begins to count the memtables that hold only what is written after a sequence number.</summary>
    internal MemtableWatch Watch(ulong sequence)
    {
        var watch = new MemtableWatch(this, sequence);
        lock (_lock)
        {
            _watches.Add(watch);
        }

        return watch;
    }

    /// <summary>Ends a count.</summary>
    internal void Remove(MemtableWatch watch)
    {
        lock (_lock)
        {
            _watches.Remove(watch);
        }
    }

    /// <summary>A native listener that reports here; the options that it is added to own it.</summary>
    internal nint CreateListener() =>
        // SAFETY: the callbacks are static, have the signatures of c.h, and do not throw; the handle that keeps this
        // object is freed by the destructor, after which none of them is called.
        RocksDbLibrary.rocksdb_eventlistener_create(
            (void*)GCHandle.ToIntPtr(GCHandle.Alloc(this)), &Destroy,
            &Ignore, &FlushCompleted, &Ignore, &Ignore, &IgnoreInfo, &IgnoreInfo, &Ignore,
            &BackgroundFailed, &IgnoreInfo, &MemtableSealed);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // SAFETY, for every callback: the state is the handle of CreateListener, alive until Destroy.
    private static MemtableEvents Of(void* state) => (MemtableEvents)GCHandle.FromIntPtr((nint)state).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Destroy(void* state) => GCHandle.FromIntPtr((nint)state).Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(void* state, nint database, nint info)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void IgnoreInfo(void* state, nint info)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FlushCompleted(void* state, nint database, nint info) => Of(state).Announce();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void BackgroundFailed(void* state, uint reason, nint status)
    {
        // A failed compaction leaves all rows where they are; every other reason may be a flush of ours.
        if (reason != CompactionFailed)
        {
            Of(state).AddFailure();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void MemtableSealed(void* state, nint info)
    {
        nuint length;
        var name = RocksDbLibrary.rocksdb_memtableinfo_cf_name(info, &length);

        // SAFETY: the name is the info's, which lives during the callback; it is copied.
        Of(state).AddSealed(
            Encoding.UTF8.GetString(name, (int)length), RocksDbLibrary.rocksdb_memtableinfo_first_seqno(info));
    }

    private void AddSealed(string columnFamily, ulong firstSequence)
    {
        lock (_lock)
        {
            _watches.ForEach(watch => watch.AddSealed(columnFamily, firstSequence));
        }
    }

    private void AddFailure()
    {
        lock (_lock)
        {
            _watches.ForEach(static watch => watch.AddFailure());
        }

        Announce();
    }

    private void Announce() => Interlocked.Exchange(ref _next, NewSource()).TrySetResult();
}
