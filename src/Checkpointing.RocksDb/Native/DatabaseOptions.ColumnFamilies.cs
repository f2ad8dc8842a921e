using Checkpointing.KeyGroups;

namespace Checkpointing.RocksDb.Native;

internal sealed partial class DatabaseOptions
{
    private readonly Dictionary<string, (TimeSpan Duration, bool IsList)> _expiring = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _mergeOperators = new(StringComparer.Ordinal);
    private readonly List<nint> _ownOptions = [];
    private ExpiryClock? _clock;

    /// <summary>A column family made later drops what has expired, once the clock was started.</summary>
    internal void SetExpiry(string columnFamily, TimeSpan duration, bool isList, TimeProvider time)
    {
        _clock ??= new(time);
        _expiring.Add(columnFamily, (duration, isList));
    }

    /// <summary>See <see cref="ExpiryClock.Start"/>.</summary>
    internal void StartExpiring() => _clock?.Start();

    /// <summary>A column family made later folds values by another operator than concatenation.</summary>
    internal void SetMergeOperator(string columnFamily, string mergeOperator)
    {
        if (mergeOperator != ConcatenationOperator.Name)
        {
            _mergeOperators[columnFamily] = mergeOperator;
        }
    }

    /// <summary>Name of the operator that a column family has, or will be made with.</summary>
    internal string MergeOperatorOf(string columnFamily) =>
        _mergeOperators.GetValueOrDefault(columnFamily, ConcatenationOperator.Name);

    /// <summary>Whether a column family has options of its own.</summary>
    internal bool HasOwnOptions(string columnFamily) =>
        _expiring.ContainsKey(columnFamily) || _mergeOperators.ContainsKey(columnFamily);

    /// <summary>Options to make a column family with; they live as long as this object.</summary>
    /// <param name="columnFamily">Its name.</param>
    /// <param name="hasForeignRows">Whether it also drops foreign rows.</param>
    internal nint OfColumnFamily(string columnFamily, bool hasForeignRows)
    {
        if (!HasOwnOptions(columnFamily))
        {
            return hasForeignRows ? OwnedRowsOnly : Database;
        }

        var expires = _expiring.TryGetValue(columnFamily, out var expiry);
        var options = RocksDbLibrary.rocksdb_options_create_copy(
            hasForeignRows && !expires ? OwnedRowsOnly : Database);
        _ownOptions.Add(options);
        if (expires)
        {
            // One filter does both.
            RocksDbLibrary.rocksdb_options_set_compaction_filter_factory(options, ExpiredRowsFilter.CreateFactory(
                _clock!.Handle, expiry.Duration, expiry.IsList, hasForeignRows ? _owned : null));
        }

        if (_mergeOperators.TryGetValue(columnFamily, out var mergeOperator))
        {
            MergeOperators.Set(options, mergeOperator);
        }

        return options;
    }

    private void FreeExpiry()
    {
        // SAFETY: once, after the database is closed: no compaction asks the clock any more.
        foreach (var options in _ownOptions)
        {
            RocksDbLibrary.rocksdb_options_destroy(options);
        }

        _clock?.Free();
    }
}
