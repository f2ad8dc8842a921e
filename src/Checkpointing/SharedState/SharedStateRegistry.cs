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
/// <item>An entry has the bit of an owner exactly while that owns it, and is then in the owner's list: a count is the
/// size of a set, so registering or releasing twice for one owner changes nothing.</item>
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
    private readonly HashSet<Entry> _entries = new(EntryByKey.Instance);
    private readonly HashSet<Entry>.AlternateLookup<SharedStateKey> _byKey;
    private readonly Dictionary<SharedStateOwner, Owned> _owners = [];
    private readonly SortedSet<int> _freeBits = [];

    /// <summary>An empty registry.</summary>
    /// <param name="logger">Told of each owner that a file gets or loses, at level Trace; null: nobody is.</param>
    public SharedStateRegistry(ILogger? logger = null)
    {
        _logger = logger ?? NullLogger.Instance;
        _byKey = _entries.GetAlternateLookup<SharedStateKey>();
    }

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
                return [.. _entries.Select(static e => new SharedStateEntry(e.Key, e.Handle, e.Owners.Count))];
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
            if (!_byKey.TryGetValue(key, out var entry))
            {
                if (handle is PlaceholderStateHandle)
                {
                    throw new UnknownSharedStateException(key);
                }

                entry = new Entry(key, handle);
                _entries.Add(entry);
            }
            else if (!IsSameFile(entry.Handle, handle))
            {
                throw new ConflictingSharedStateException(key, entry.Handle, handle);
            }

            if (!_owners.TryGetValue(owner, out var owned))
            {
                _owners.Add(owner, owned = new(TakeBitNeedsLock()));
            }

            if (entry.Owners.Add(owned.Bit))
            {
                owned.Add(entry);
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
            foreach (var entry in owned.Entries)
            {
                DisownNeedsLock(entry, owner, owned, unowned);
            }

            _freeBits.Add(owned.Bit);
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
                if (_byKey.TryGetValue(key, out var entry))
                {
                    DisownNeedsLock(entry, attempt, owned, unowned);
                }
            }

            owned.Compact();
            if (owned.Count == 0)
            {
                _owners.Remove(attempt);
                _freeBits.Add(owned.Bit);
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
            return _byKey.TryGetValue(key, out var entry) ? entry.Owners.Count : 0;
        }
    }

    /// <summary>Whether the file is known and this is one of its owners.</summary>
    internal bool IsOwnedBy(SharedStateKey key, SharedStateOwner owner)
    {
        lock (_lock)
        {
            return _owners.TryGetValue(owner, out var owned) && _byKey.TryGetValue(key, out var entry)
                && entry.Owners.Contains(owned.Bit);
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

    // The lowest that is free: so entries stay within one word as long as there are few owners at a time.
    private int TakeBitNeedsLock()
    {
        if (_freeBits.Count == 0)
        {
            return _owners.Count;
        }

        var bit = _freeBits.Min;
        _freeBits.Remove(bit);
        return bit;
    }

    private void DisownNeedsLock(Entry entry, SharedStateOwner owner, Owned owned, List<SharedStateEntry> unowned)
    {
        if (!entry.Owners.Remove(owned.Bit))
        {
            return;
        }

        owned.Count--;
        if (_logger.IsEnabled(LogLevel.Trace))
        {
            _logger.Released(entry.Key, entry.Handle, owner, entry.Owners.Count);
        }

        if (entry.Owners.Count == 0)
        {
            _entries.Remove(entry);
            unowned.Add(new(entry.Key, entry.Handle, 0));
        }
    }

    // Linear in the number of entries, so it is compiled into test builds only.
    [Conditional("INVARIANTS")]
    private void CheckInvariantsNeedsLock()
    {
        Invariant.Holds(_lock.IsHeldByCurrentThread, $"The registry is read without its lock.");
        foreach (var entry in _entries)
        {
            Invariant.Holds(entry.Owners.Count >= 1, $"{entry.Key} has no owner.");
            Invariant.Holds(entry.Handle is not PlaceholderStateHandle, $"{entry.Key} is a placeholder.");
        }

        var owned = _owners.Values.Sum(static files => (long)files.Count);
        var owners = _entries.Sum(static entry => (long)entry.Owners.Count);
        Invariant.Holds(owned == owners, $"Owners hold {owned} files, files have {owners} owners.");
    }

    private sealed class Entry(SharedStateKey key, StreamStateHandle handle)
    {
        // A field, for it is changed in place.
        public OwnerBits Owners;

        public SharedStateKey Key { get; } = key;

        public StreamStateHandle Handle { get; } = handle;
    }

    /// <summary>What an owner owns. A list, for a set would take five times as much: what was given up stays in it
    /// without its bit, until that is too much. In blocks, for one array would double when it is full.</summary>
    private sealed class Owned(int bit)
    {
        private const int BlockSize = 256;
        private const int Slack = 64;

        private readonly List<Entry[]> _blocks = [];
        private int _length;

        public int Bit { get; } = bit;

        public IEnumerable<Entry> Entries => _blocks.SelectMany(static block => block).Take(_length);

        /// <summary>Entries that have the bit.</summary>
        public int Count { get; set; }

        public void Add(Entry entry)
        {
            Append(entry);
            Count++;
        }

        public void Compact()
        {
            if (_length > (2 * Count) + Slack)
            {
                var kept = Entries.Where(entry => entry.Owners.Contains(Bit)).Distinct().ToList();
                _blocks.Clear();
                _length = 0;
                kept.ForEach(Append);
            }
        }

        private void Append(Entry entry)
        {
            if (_length == _blocks.Count * BlockSize)
            {
                _blocks.Add(new Entry[BlockSize]);
            }

            _blocks[^1][_length % BlockSize] = entry;
            _length++;
        }
    }

    private sealed class EntryByKey : IEqualityComparer<Entry>, IAlternateEqualityComparer<SharedStateKey, Entry>
    {
        public static EntryByKey Instance { get; } = new();

        // An entry is looked for by its key before another one is made.
        public bool Equals(Entry? x, Entry? y) => ReferenceEquals(x, y);

        public int GetHashCode(Entry obj) => obj.Key.GetHashCode();

        public bool Equals(SharedStateKey alternate, Entry other) => alternate == other.Key;

        public int GetHashCode(SharedStateKey alternate) => alternate.GetHashCode();

        public Entry Create(SharedStateKey alternate) => throw new NotSupportedException("A key alone is no entry.");
    }
}
