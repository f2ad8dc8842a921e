using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Snapshots;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Restore;

/// <summary>Which merge operator a restored column family has. Pure.</summary>
/// <remarks>A column family has one for good, and files may hold operands of the one that they were written with.
/// RocksDB does not look whether it is the same: sums would be taken for maxima without a word. So files keep the
/// operator that the catalogue names, whatever the program declares now; a state that is folded in another way then
/// reads and puts, which no operator minds. Only where nothing was ever merged the program's choice counts.</remarks>
internal static class MergeOperatorChoice
{
    /// <summary>What a new column family of a state gets.</summary>
    internal static string Wanted(KeyedStateBackendContext context, string stateName) =>
        context.Reductions.TryGetValue(stateName, out var reduction)
        && ReductionOperator.NameOf(reduction.Id) is var name && MergeOperators.IsKnown(name)
            ? name
            : ConcatenationOperator.Name;

    /// <summary>What a column family of stored files gets.</summary>
    /// <param name="wanted">What a new one would get.</param>
    /// <param name="stored">What catalogues say of the state.</param>
    /// <returns>Null if the files have operands of more than one operator, and cannot be imported together.</returns>
    internal static string? Of(string wanted, IEnumerable<CatalogueState> stored)
    {
        var needed = stored.Where(static state => MayHaveOperands(state))
            .Select(static state => state.MergeOperator).Distinct(StringComparer.Ordinal).ToList();
        return needed.Count switch { 0 => wanted, 1 => needed[0], _ => null };
    }

    // Bytes are appended to lists only; other states without a reduction are put.
    private static bool MayHaveOperands(CatalogueState state) => state.FileCount > 0
        && (state.MergeOperator != ConcatenationOperator.Name || state.Description.Kind == StateKind.List);
}
