namespace Checkpointing.RocksDb.Native;

internal sealed partial class RocksDatabase
{
    /// <summary>A column family made after this call drops expired values when it is compacted, once
    /// <see cref="StartExpiring"/> was called.</summary>
    internal void SetExpiry(string columnFamily, TimeSpan duration, bool isList, TimeProvider time) =>
        _options.SetExpiry(columnFamily, duration, isList, time);

    /// <summary>A column family made after this call has this merge operator instead of concatenation.</summary>
    internal void SetMergeOperator(string columnFamily, string mergeOperator) =>
        _options.SetMergeOperator(columnFamily, mergeOperator);

    /// <summary>Name of a column family's merge operator.</summary>
    internal string MergeOperatorOf(string columnFamily) => _options.MergeOperatorOf(columnFamily);

    /// <summary>All values of the column families with expiry have stamps from now on.</summary>
    internal void StartExpiring() => _options.StartExpiring();
}
