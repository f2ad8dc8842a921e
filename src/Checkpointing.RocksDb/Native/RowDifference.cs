namespace Checkpointing.RocksDb.Native;

/// <summary>Takes rows in the order of their keys.</summary>
internal interface IRowTarget
{
    /// <summary>Takes a row.</summary>
    void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>Takes the deletion of a row.</summary>
    void Delete(ReadOnlySpan<byte> key);
}

/// <summary>What a patch over some files must say, so that they show what is right.</summary>
internal static class RowDifference
{
    private const int RowsBetweenChecks = 1024;

    /// <summary>Puts every row that is present in another way or not at all, and deletes those that are only present.
    /// Values are read whole, so a patch settles appended rows, too.</summary>
    /// <param name="right">The rows as they are to be.</param>
    /// <param name="present">The rows as they are without the patch, of the same keys; null if there are none.</param>
    /// <param name="target">Gets the patch.</param>
    /// <param name="cancellationToken">Observed every thousand rows.</param>
    internal static void Write(
        RocksIterator right, RocksIterator? present, IRowTarget target, CancellationToken cancellationToken)
    {
        var hasRight = right.MoveNext();
        var hasPresent = present?.MoveNext() == true;
        for (var count = 1; hasRight || hasPresent; count++)
        {
            if (count % RowsBetweenChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            var order = !hasPresent ? -1 : !hasRight ? 1 : right.Key.SequenceCompareTo(present!.Key);
            if (order > 0)
            {
                target.Delete(present!.Key);
            }
            else if (order < 0 || !right.Value.SequenceEqual(present!.Value))
            {
                target.Put(right.Key, right.Value);
            }

            hasRight = order <= 0 ? right.MoveNext() : hasRight;
            hasPresent = order >= 0 ? present!.MoveNext() : hasPresent;
        }
    }
}
