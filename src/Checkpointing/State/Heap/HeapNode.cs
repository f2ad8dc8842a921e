namespace Checkpointing.State.Heap;

/// <summary>A node of a copy-on-write B+-tree: a leaf with values, or an inner node with children.</summary>
/// <remarks>Only the tree whose mark it carries may change it; a snapshot gives the tree a new mark, and so freezes all
/// nodes.
/// Keys of an inner node: <c>Keys[i]</c> is at most the least key below <c>Children[i]</c> (i ≥ 1; <c>Keys[0]</c> is
/// not used).</remarks>
internal sealed class HeapNode
{
    internal const int Capacity = 32;
    internal const int MergeLimit = Capacity / 4;

    // Bit i: the bytes of value i were made for this node and no frozen one knows them, so they may be written over. An
    // update then leaves nothing for the garbage collector, which would have to look at every old node that got a new
    // value.
    private ulong _owned;

    internal HeapNode(object mark, bool isLeaf)
    {
        Mark = mark;
        Keys = new byte[Capacity][];
        if (isLeaf)
        {
            Values = new HeapValue[Capacity];
        }
        else
        {
            Children = new HeapNode[Capacity];
        }
    }

    internal object Mark { get; }

    internal byte[][] Keys { get; }

    internal HeapValue[]? Values { get; }

    internal HeapNode[]? Children { get; }

    internal int Count { get; set; }

    /// <summary>This node if the mark is its own, else a copy that is.</summary>
    internal HeapNode Writable(object mark)
    {
        if (ReferenceEquals(mark, Mark))
        {
            return this;
        }

        var copy = new HeapNode(mark, Values is not null);
        CopyTo(copy, 0, 0, Count);
        copy.Count = Count;
        return copy;
    }

    /// <summary>Whether nobody else reads the bytes of a value.</summary>
    internal bool OwnsValue(int index) => (_owned >> index & 1) != 0;

    /// <summary>A value got bytes of its own.</summary>
    internal void OwnValue(int index) => _owned |= 1UL << index;

    /// <summary>Index of a key in a leaf, or the complement of where it would be.</summary>
    internal int Find(ReadOnlySpan<byte> key)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Keys[middle].AsSpan().SequenceCompareTo(key);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }

    /// <summary>Index of the child of an inner node below which a key is.</summary>
    internal int FindChild(ReadOnlySpan<byte> key)
    {
        var (low, high) = (1, Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = Keys[middle].AsSpan().SequenceCompareTo(key) <= 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return low - 1;
    }

    /// <summary>Makes room for an entry.</summary>
    internal void Open(int index)
    {
        CopyTo(this, index, index + 1, Count - index);
        _owned = (_owned & FirstBits(index)) | (_owned >> index << index << 1);
        Count++;
    }

    /// <summary>Takes an entry out.</summary>
    internal void Close(int index)
    {
        CopyTo(this, index + 1, index, Count - index - 1);
        _owned = (_owned & FirstBits(index)) | (_owned >> index >> 1 << index);
        Count--;
        Forget(Count, 1);
    }

    /// <summary>Moves the entries from an index on into a new node.</summary>
    internal HeapNode Split(int index)
    {
        var right = new HeapNode(Mark, Values is not null) { Count = Count - index };
        CopyTo(right, index, 0, right.Count);
        right._owned = _owned >> index;
        _owned &= FirstBits(index);
        Forget(index, right.Count);
        Count = index;
        return right;
    }

    /// <summary>Appends all entries of the right neighbour.</summary>
    internal void Append(HeapNode right, byte[] separator)
    {
        right.CopyTo(this, 0, Count, right.Count);
        _owned |= ReferenceEquals(right.Mark, Mark) ? right._owned << Count : 0;
        Keys[Count] = right.Values is null ? separator : right.Keys[0];
        Count += right.Count;
    }

    private static ulong FirstBits(int count) => (1UL << count) - 1;

    private void CopyTo(HeapNode target, int sourceIndex, int targetIndex, int count)
    {
        Array.Copy(Keys, sourceIndex, target.Keys, targetIndex, count);
        if (Values is not null)
        {
            Array.Copy(Values, sourceIndex, target.Values!, targetIndex, count);
        }
        else
        {
            Array.Copy(Children!, sourceIndex, target.Children!, targetIndex, count);
        }
    }

    private void Forget(int index, int count)
    {
        Array.Clear(Keys, index, count);
        if (Values is not null)
        {
            Array.Clear(Values, index, count);
        }
        else
        {
            Array.Clear(Children!, index, count);
        }
    }
}
