using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

internal sealed partial class DatabaseOptions
{
    private readonly Dictionary<string, (TimeSpan Duration, bool IsList)> _expiring = new(StringComparer.Ordinal);
    private readonly List<nint> _expiringOptions = [];
    private ExpiryClock? _clock;

    /// <summary>A column family made later drops what has expired, once the clock was started.</summary>
    internal void SetExpiry(string columnFamily, TimeSpan duration, bool isList, TimeProvider time)
    {
        _clock ??= new(time);
        _expiring.Add(columnFamily, (duration, isList));
    }

    /// <summary>See <see cref="ExpiryClock.Start"/>.</summary>
    internal void StartExpiring() => _clock?.Start();

    /// <summary>Whether a column family has options of its own for dropping what has expired.</summary>
    internal bool Expires(string columnFamily) => _expiring.ContainsKey(columnFamily);

    /// <summary>Options to make a column family with; they live as long as this object.</summary>
    /// <param name="columnFamily">Its name.</param>
    /// <param name="hasForeignRows">Whether it also drops foreign rows.</param>
    internal nint OfColumnFamily(string columnFamily, bool hasForeignRows)
    {
        if (!_expiring.TryGetValue(columnFamily, out var expiry))
        {
            return hasForeignRows ? OwnedRowsOnly : Database;
        }

        var options = RocksDbLibrary.rocksdb_options_create_copy(Database);
        _expiringOptions.Add(options);
        RocksDbLibrary.rocksdb_options_set_compaction_filter_factory(options, ExpiredRowsFilter.CreateFactory(
            _clock!.Handle, expiry.Duration, expiry.IsList, hasForeignRows ? _owned : null));
        return options;
    }

    private void FreeExpiry()
    {
        // SAFETY: once, after the database is closed: no compaction asks the clock any more.
        foreach (var options in _expiringOptions)
        {
            RocksDbLibrary.rocksdb_options_destroy(options);
        }

        _clock?.Free();
    }
}
