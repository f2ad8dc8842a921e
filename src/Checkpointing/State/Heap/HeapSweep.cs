namespace Checkpointing.State.Heap;

/// <summary>Drops what has expired from a tree, a leaf at a time, while it is written to.</summary>
/// <remarks>Every eighth write looks at the rows of one leaf (8 to 32 of them, as a rule), round and round: a pass
/// over n rows takes at most n writes, so no more rows wait for their end than were written during one pass. A state
/// that is not written to is not swept, and does not grow either.</remarks>
internal sealed class HeapSweep(HeapTree tree, StateExpiry expiry, bool isList, string operatorName, string state)
{
    private const int WritesPerLeaf = 8;

    private readonly List<(byte[] Key, byte[]? Live)> _found = [];
    private byte[] _position = [];
    private int _writes;

    /// <summary>Counts a write, and sweeps a leaf if it is time.</summary>
    /// <exception cref="CheckpointCorruptException">A row has no stamp.</exception>
    internal void CountWrite()
    {
        if (++_writes >= WritesPerLeaf)
        {
            _writes = 0;
            SweepLeaf(expiry.Now);
        }
    }

    private void SweepLeaf(long now)
    {
        if (tree.FindLeaf(_position, out var next) is not { } leaf)
        {
            return;
        }

        for (var i = 0; i < leaf.Count; i++)
        {
            Look(leaf.Keys[i], leaf.Values![i].Bytes, now);
        }

        // Only now: writing changes the leaf.
        foreach (var (key, live) in _found)
        {
            if (live is null)
            {
                tree.Delete(key);
            }
            else
            {
                tree.Put(key, live);
            }
        }

        _found.Clear();
        _position = next ?? [];
    }

    private void Look(byte[] key, ReadOnlySpan<byte> stored, long now)
    {
        if (!isList)
        {
            if (expiry.IsExpired(StateExpiry.ReadStamp(StoredValue.CheckStamped(stored, operatorName, state)), now))
            {
                _found.Add((key, null));
            }

            return;
        }

        // Elements come in the order of their stamps, but for a clock that was set back: mostly the first one decides.
        var rest = stored;
        var first = StoredValue.TakePart(ref rest, operatorName, state);
        if (expiry.IsExpired(StateExpiry.ReadStamp(StoredValue.CheckStamped(first, operatorName, state)), now))
        {
            var copy = stored.ToArray();
            var (length, _) = expiry.KeepLive(copy, now, restamp: false, operatorName, state);
            _found.Add((key, length == 0 ? null : copy[..length]));
        }
    }
}
