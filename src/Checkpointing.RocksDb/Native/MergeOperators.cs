namespace Checkpointing.RocksDb.Native;

/// <summary>The merge operators, by the names that catalogues hold.</summary>
internal static class MergeOperators
{
    /// <summary>Operands of a key in memory after which RocksDB makes them a value: a read folds no more than these and
    /// one a file.</summary>
    private const int MaxSuccessiveMerges = 4;

    /// <summary>Whether a name is that of an operator.</summary>
    internal static bool IsKnown(string name) =>
        name == ConcatenationOperator.Name || ReductionOperator.Find(name) is not null;

    /// <summary>Sets an operator on options, which then own it.</summary>
    internal static void Set(nint options, string name)
    {
        if (ReductionOperator.Find(name) is not { } reduction)
        {
            RocksDbLibrary.rocksdb_options_set_merge_operator(options, ConcatenationOperator.Create());
            return;
        }

        RocksDbLibrary.rocksdb_options_set_merge_operator(options, ReductionOperator.Create(reduction));
        RocksDbLibrary.rocksdb_options_set_max_successive_merges(options, MaxSuccessiveMerges);

        // Else a value that is not in the cache stays where it is, and operands pile up over it, each after a vain
        // look.
        RocksDbLibrary.rocksdb_options_set_strict_max_successive_merges(options, 1);
    }
}
