using System.Diagnostics;
using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.SharedState;

/// <summary>Knows who needs which shared file, and tells when the last owner let go.</summary>
/// <remarks>
/// Invariants:
/// <list type="number">
/// <item>A key has an entry exactly while it has an owner.</item>
/// <item>The handle of an entry never changes, and is never a placeholder.</item>
/// <item>An owner is in an entry's set exactly when the entry is in the owner's set: a count is the size of a set, so
/// registering or releasing twice for one owner changes nothing.</item>
/// </list>
/// The registry does no I/O: released handles are handed back, and the caller deletes. One registry serves one epoch
/// and
/// attempt of a coordinator and is rebuilt from the metadata of the retained checkpoints, so releases of an older one
/// cannot reach it. All members are safe for concurrent calls. The idea is Apache Flink's; owners instead of counts are
/// ours.
/// </remarks>
public sealed class SharedStateRegistry
{
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<SharedStateKey, Entry> _entries = [];
    private readonly Dictionary<SharedStateOwner, HashSet<Entry>> _owners = [];

    /// <summary>An empty registry.</summary>
    /// <param name="logger">Told of each owner that a file gets or loses, at level Trace; null: nobody is.</param>
    public SharedStateRegistry(ILogger? logger = null) => _logger = logger ?? NullLogger.Instance;

    /// <summary>Number of files that have an owner.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>All registered files; a copy.</summary>
    public IReadOnlyList<SharedStateEntry> Entries
    {
        get
        {
            lock (_lock)
            {
                return [.. _entries.Values.Select(static e => new SharedStateEntry(e.Key, e.Handle, e.Owners.Count))];
            }
        }
    }

    /// <summary>Makes <paramref name="owner"/> an owner of the file.</summary>
    /// <param name="key">The file.</param>
    /// <param name="handle">Its handle, or a placeholder for one that is registered.</param>
    /// <param name="owner">Who needs it.</param>
    /// <returns>The handle to use from now on, and the number of owners.</returns>
    /// <exception cref="UnknownSharedStateException">A placeholder for a file without an owner.</exception>
    /// <exception cref="ConflictingSharedStateException">Another file is registered under the key; nothing was
    /// changed.</exception>
    public SharedStateEntry Register(SharedStateKey key, StreamStateHandle handle, SharedStateOwner owner)
    {
        ArgumentNullException.ThrowIfNull(handle);
        ArgumentNullException.ThrowIfNull(owner);

        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                if (handle is PlaceholderStateHandle)
                {
                    throw new UnknownSharedStateException(key);
                }

                entry = new Entry(key, handle);
                _entries.Add(key, entry);
            }
            else if (!IsSameFile(entry.Handle, handle))
            {
                throw new ConflictingSharedStateException(key, entry.Handle, handle);
            }

            if (!_owners.TryGetValue(owner, out var owned))
            {
                _owners.Add(owner, owned = []);
            }

            if (owned.Add(entry))
            {
                entry.Owners.Add(owner);
                if (_logger.IsEnabled(LogLevel.Trace))
                {
                    _logger.Registered(key, entry.Handle, owner, entry.Owners.Count);
                }
            }

            CheckInvariantsNeedsLock();
            return new(key, entry.Handle, entry.Owners.Count);
        }
    }

    /// <summary>Makes <paramref name="owner"/> an owner of all shared files of a handle.</summary>
    /// <returns>The same handle with every placeholder replaced by the registered file.</returns>
    /// <exception cref="UnknownSharedStateException">A placeholder for a file without an owner; files before it are
    /// owned now.</exception>
    /// <exception cref="ConflictingSharedStateException">Another file is registered under a key; files before it are
    /// owned now.</exception>
    public KeyedStateHandle RegisterAll(KeyedStateHandle handle, SharedStateOwner owner)
    {
        if (handle is not IncrementalKeyedStateHandle incremental)
        {
            return handle;
        }

        var files = incremental.SharedFiles
            .Select(file => file with { Handle = Register(incremental.KeyOf(file), file.Handle, owner).Handle })
            .ToValueList();
        return incremental with { SharedFiles = files };
    }

    /// <summary>The owner needs nothing any more. Doing so twice changes nothing.</summary>
    /// <returns>The files that nobody owns now: the caller deletes them.</returns>
    public IReadOnlyList<SharedStateEntry> ReleaseAll(SharedStateOwner owner)
    {
        ArgumentNullException.ThrowIfNull(owner);

        lock (_lock)
        {
            if (!_owners.Remove(owner, out var owned))
            {
                return [];
            }

            var unowned = new List<SharedStateEntry>();
            foreach (var entry in owned)
            {
                DisownNeedsLock(entry, owner, unowned);
            }

            CheckInvariantsNeedsLock();
            return unowned;
        }
    }

    /// <summary>An attempt will never refer to these uploads again. Keys that it does not own are ignored.</summary>
    /// <returns>The files that nobody owns now: the caller deletes them.</returns>
    public IReadOnlyList<SharedStateEntry> GiveUp(SharedStateOwner attempt, IEnumerable<SharedStateKey> keys)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(keys);

        lock (_lock)
        {
            var unowned = new List<SharedStateEntry>();
            if (!_owners.TryGetValue(attempt, out var owned))
            {
                return unowned;
            }

            foreach (var key in keys)
            {
                if (_entries.TryGetValue(key, out var entry) && owned.Remove(entry))
                {
                    DisownNeedsLock(entry, attempt, unowned);
                }
            }

            if (owned.Count == 0)
            {
                _owners.Remove(attempt);
            }

            CheckInvariantsNeedsLock();
            return unowned;
        }
    }

    /// <summary>Number of owners of a file; 0 if it is not known.</summary>
    public int OwnerCount(SharedStateKey key)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(key, out var entry) ? entry.Owners.Count : 0;
        }
    }

    private static bool IsSameFile(StreamStateHandle registered, StreamStateHandle handle) =>
        (registered, handle) switch
    {
        (_, PlaceholderStateHandle) => true,
        (FileStateHandle a, FileStateHandle b) => a.Path == b.Path && a.FileSizeBytes == b.FileSizeBytes
            && (a.Digest is null || b.Digest is null || a.Digest == b.Digest),
        _ => registered == handle,
    };

    private void DisownNeedsLock(Entry entry, SharedStateOwner owner, List<SharedStateEntry> unowned)
    {
        entry.Owners.Remove(owner);
        if (_logger.IsEnabled(LogLevel.Trace))
        {
            _logger.Released(entry.Key, entry.Handle, owner, entry.Owners.Count);
        }

        if (entry.Owners.Count == 0)
        {
            _entries.Remove(entry.Key);
            unowned.Add(new(entry.Key, entry.Handle, 0));
        }
    }

    // Linear in the number of entries, so it is compiled into test builds only.
    [Conditional("INVARIANTS")]
    private void CheckInvariantsNeedsLock()
    {
        Invariant.Holds(_lock.IsHeldByCurrentThread, $"The registry is read without its lock.");
        foreach (var (key, entry) in _entries)
        {
            Invariant.Holds(entry.Owners.Count >= 1, $"{key} has no owner.");
            Invariant.Holds(entry.Handle is not PlaceholderStateHandle, $"{key} is a placeholder.");
        }

        var owned = _owners.Values.Sum(static set => (long)set.Count);
        var owners = _entries.Values.Sum(static entry => (long)entry.Owners.Count);
        Invariant.Holds(owned == owners, $"Owners hold {owned} files, files have {owners} owners.");
    }

    private sealed class Entry(SharedStateKey key, StreamStateHandle handle)
    {
        public SharedStateKey Key { get; } = key;

        public StreamStateHandle Handle { get; } = handle;

        // Rarely more than a few: the retained checkpoints and one attempt. A list beats a set here.
        public List<SharedStateOwner> Owners { get; } = new(2);
    }
}
