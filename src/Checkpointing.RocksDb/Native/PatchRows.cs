using Checkpointing.State;

namespace Checkpointing.RocksDb.Native;

/// <summary>Rows of a patch on their way to its file, which is to lie in level 0 above other files.</summary>
/// <remarks>A patch gets its sequence number from outside; in its bounds RocksDB has 0. If its first key is the last
/// key of a file below, RocksDB takes the two for disjoint, may move both to one deeper level as they are, and then
/// finds the older row first: an appended value was there twice. So in that case the patch begins with the deletion of
/// a shorter key, which no row has: the bounds then say that the files overlap.</remarks>
internal sealed class PatchRows(IRowTarget target, IReadOnlyCollection<LiveFile> below) : IRowTarget
{
    private bool _hasBegun;

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Begin(key);
        target.Put(key, value);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        Begin(key);
        target.Delete(key);
    }

    private void Begin(ReadOnlySpan<byte> key)
    {
        if (_hasBegun)
        {
            return;
        }

        _hasBegun = true;
        foreach (var file in below)
        {
            if (key.SequenceEqual(file.LargestKey))
            {
                target.Delete(key[..KeyedRowKey.KeyGroupSize]);
                return;
            }
        }
    }
}
