namespace Checkpointing.RocksDb.Native;

internal sealed partial class RocksDatabase
{
    /// <summary>A column family made after this call drops expired values when it is compacted, once
    /// <see cref="StartExpiring"/> was called.</summary>
    internal void SetExpiry(string columnFamily, TimeSpan duration, bool isList, TimeProvider time) =>
        _options.SetExpiry(columnFamily, duration, isList, time);

    /// <summary>All values of the column families with expiry have stamps from now on.</summary>
    internal void StartExpiring() => _options.StartExpiring();
}
