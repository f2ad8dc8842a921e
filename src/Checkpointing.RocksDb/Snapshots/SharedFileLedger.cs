using System.Collections.Frozen;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>What one opened database knows of its stored files: which local file is where, and for which
/// checkpoint.</summary>
/// <remarks>
/// <para>For one opened database only: local names repeat after a restore, so a new database begins a new
/// ledger.</para>
/// <para>An upload belongs to this backend until it has reported it as given up: not needed by any checkpoint that may
/// still be a base, nor by a running snapshot, nor live any more.</para>
/// <para>Safe for concurrent calls.</para>
/// </remarks>
internal sealed class SharedFileLedger
{
    private static readonly FrozenDictionary<string, StoredSst> Nothing = FrozenDictionary<string, StoredSst>.Empty;

    private readonly Lock _lock = new();
    private readonly Dictionary<CheckpointId, FrozenDictionary<string, StoredSst>> _maps = [];
    private readonly Dictionary<SharedStateKey, string> _uploads = [];
    private readonly Dictionary<string, StoredSst> _newestUploads = new(StringComparer.Ordinal);
    private readonly List<Running> _running = [];
    private FrozenDictionary<string, StoredSst> _foreign = Nothing;

    /// <summary>Begins with the files of a restored checkpoint.</summary>
    /// <param name="checkpointId">The checkpoint; it counts as confirmed.</param>
    /// <param name="files">Its files that this database has, by local name.</param>
    /// <param name="isForeign">Whether they belong to another job or to a savepoint: then they are no base but
    /// sources of copies.</param>
    internal void AddRestored(CheckpointId checkpointId, IReadOnlyDictionary<string, StoredSst> files, bool isForeign)
    {
        lock (_lock)
        {
            if (isForeign)
            {
                _foreign = files.ToFrozenDictionary(StringComparer.Ordinal);
            }
            else
            {
                _maps[checkpointId] = files.ToFrozenDictionary(StringComparer.Ordinal);
            }
        }
    }

    /// <summary>A snapshot begins: its files stay known until <see cref="Complete"/> or
    /// <see cref="Abandon"/>.</summary>
    /// <param name="checkpointId">The checkpoint.</param>
    /// <param name="baseId">The newest confirmed checkpoint, if placeholders are allowed at all.</param>
    internal Running Begin(CheckpointId checkpointId, CheckpointId? baseId)
    {
        lock (_lock)
        {
            // Who names a base has confirmed it, even if that message was lost on its way to us.
            if (baseId is { } confirmed)
            {
                DropOlderNeedsLock(confirmed);
            }

            var map = baseId is { } id && _maps.TryGetValue(id, out var known) ? known : Nothing;
            var running = new Running(checkpointId, map);
            _running.Add(running);
            return running;
        }
    }

    /// <summary>A snapshot has seen which files are live: from now on their uploads stay known until it ends.</summary>
    internal void SetLive(Running running, IEnumerable<string> localNames)
    {
        lock (_lock)
        {
            running.LocalNames = localNames.ToFrozenSet(StringComparer.Ordinal);
        }
    }

    /// <summary>An upload of this backend of a local file, if there is one; it stays known until the snapshot
    /// ends.</summary>
    internal StoredSst? FindUpload(Running running, string localName)
    {
        lock (_lock)
        {
            var found = _newestUploads.GetValueOrDefault(localName);
            if (found is not null)
            {
                running.Used.Add(found.Key);
            }

            return found;
        }
    }

    /// <summary>The other job's file that a local file was restored from, if it still counts.</summary>
    internal StoredSst? FindForeign(string localName)
    {
        lock (_lock)
        {
            return _foreign.GetValueOrDefault(localName);
        }
    }

    /// <summary>Where a local file's bytes are stored, by this backend or before it; null if nowhere. They may be
    /// deleted at any time: for copies only.</summary>
    internal StoredSst? FindStored(string localName)
    {
        lock (_lock)
        {
            return _newestUploads.GetValueOrDefault(localName)
                ?? _maps.Values.Select(map => map.GetValueOrDefault(localName)).FirstOrDefault(
                    static stored => stored is not null)
                ?? _foreign.GetValueOrDefault(localName);
        }
    }

    /// <summary>An upload, or a copy within the storage, is finished; it stays known until the snapshot
    /// ends.</summary>
    internal void AddUpload(Running running, string localName, StoredSst stored)
    {
        lock (_lock)
        {
            running.Used.Add(stored.Key);
            _uploads[stored.Key] = localName;
            _newestUploads[localName] = stored;
        }
    }

    /// <summary>A snapshot was written: it may be a base once it is confirmed.</summary>
    /// <returns>Keys of uploads that will never be referred to again, each reported once.</returns>
    internal IReadOnlyList<SharedStateKey> Complete(Running running, IReadOnlyDictionary<string, StoredSst> files)
    {
        lock (_lock)
        {
            _running.Remove(running);
            if (!running.IsAborted)
            {
                _maps[running.CheckpointId] = files.ToFrozenDictionary(StringComparer.Ordinal);
            }

            var givenUp = FindGivenUpNeedsLock(running, files);
            foreach (var key in givenUp)
            {
                _uploads.Remove(key, out var localName);
                if (localName is not null && _newestUploads.TryGetValue(localName, out var newest) && newest.Key == key)
                {
                    _newestUploads.Remove(localName);
                }
            }

            return givenUp;
        }
    }

    /// <summary>A snapshot ended without a result.</summary>
    internal void Abandon(Running running)
    {
        lock (_lock)
        {
            _running.Remove(running);
        }
    }

    /// <summary>A checkpoint was confirmed: older ones are no base any more.</summary>
    internal void NotifyCompleted(CheckpointId checkpointId)
    {
        lock (_lock)
        {
            DropOlderNeedsLock(checkpointId);
        }
    }

    /// <summary>A checkpoint was aborted: it is no base. Its uploads stay known.</summary>
    internal void NotifyAborted(CheckpointId checkpointId)
    {
        lock (_lock)
        {
            _maps.Remove(checkpointId);
            foreach (var running in _running.Where(running => running.CheckpointId == checkpointId))
            {
                running.IsAborted = true;
            }
        }
    }

    private void DropOlderNeedsLock(CheckpointId confirmed)
    {
        if (!_maps.ContainsKey(confirmed))
        {
            return;
        }

        foreach (var older in _maps.Keys.Where(id => id < confirmed).ToList())
        {
            _maps.Remove(older);
        }

        // A checkpoint of our own stands: all files that were restored and are still live have copies of our own.
        _foreign = Nothing;
    }

    private List<SharedStateKey> FindGivenUpNeedsLock(Running completed, IReadOnlyDictionary<string, StoredSst> files)
    {
        var needed = new HashSet<SharedStateKey>(files.Values.Select(static stored => stored.Key));
        foreach (var map in _maps.Values.Concat(_running.Select(static running => running.Base)))
        {
            needed.UnionWith(map.Values.Select(static stored => stored.Key));
        }

        // Two snapshots at a time may upload the same file: the older upload is not the newest one any more, and yet a
        // snapshot that has not ended may have chosen it.
        _running.ForEach(running => needed.UnionWith(running.Used));

        var givenUp = new List<SharedStateKey>();
        foreach (var (key, localName) in _uploads)
        {
            var isNewest = _newestUploads.TryGetValue(localName, out var newest) && newest.Key == key;
            var isLive = completed.LocalNames.Contains(localName)
                || _running.Exists(running => running.LocalNames.Contains(localName));
            if (!needed.Contains(key) && !(isNewest && isLive))
            {
                givenUp.Add(key);
            }
        }

        return givenUp;
    }

    /// <summary>A snapshot between its two parts.</summary>
    internal sealed class Running(CheckpointId checkpointId, FrozenDictionary<string, StoredSst> baseMap)
    {
        internal CheckpointId CheckpointId { get; } = checkpointId;

        /// <summary>Files that placeholders may stand for, by local name.</summary>
        internal FrozenDictionary<string, StoredSst> Base { get; } = baseMap;

        /// <summary>The files that were live when its catalogue was made; empty before. Under the ledger's
        /// lock.</summary>
        internal FrozenSet<string> LocalNames { get; set; } = [];

        /// <summary>Uploads that it may name. Under the ledger's lock.</summary>
        internal HashSet<SharedStateKey> Used { get; } = [];

        /// <summary>Set under the ledger's lock.</summary>
        internal bool IsAborted { get; set; }
    }
}
