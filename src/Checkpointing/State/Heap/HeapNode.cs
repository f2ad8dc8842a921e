using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Checkpointing.State.Heap;

/// <summary>A node of a copy-on-write B+-tree: a leaf with values, or an inner node with children.</summary>
/// <remarks>Only the tree whose mark it carries may change it; a snapshot gives the tree a new mark, and so freezes all
/// nodes.
/// Keys of an inner node: <c>Keys[i]</c> is at most the least key below <c>Children[i]</c> (i ≥ 1; <c>Keys[0]</c> is
/// not used).
/// Keys lie scattered in memory, so a search looks at as few as it can: the node holds how many bytes all its keys
/// share and the eight bytes after them of each, as numbers in the order of the keys (the "poor man's normalized keys"
/// of Graefe and Larson, ICDE 2001). Only keys that are equal in them are looked at.</remarks>
internal sealed class HeapNode
{
    internal const int Capacity = 32;
    internal const int MergeLimit = Capacity / 4;

    // Bit i: the bytes of value i were made for this node and no frozen one knows them, so they may be written over. An
    // update then leaves nothing for the garbage collector, which would have to look at every old node that got a new
    // value.
    private ulong _owned;

    private Heads _heads;
    private int _shared;
    private ulong _sharedHead;

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
        (copy._heads, copy._shared, copy._sharedHead) = (_heads, _shared, _sharedHead);
        return copy;
    }

    /// <summary>Whether nobody else reads the bytes of a value.</summary>
    internal bool OwnsValue(int index) => (_owned >> index & 1) != 0;

    /// <summary>A value got bytes of its own.</summary>
    internal void OwnValue(int index) => _owned |= 1UL << index;

    /// <summary>Index of a key, in an inner node of those that separate; or the complement of where it would
    /// be.</summary>
    internal int Find(ReadOnlySpan<byte> key)
    {
        var (low, high) = (FirstKey, Count - 1);
        if (low > high)
        {
            return ~low;
        }

        if (!BeginsAsAll(key))
        {
            return key.SequenceCompareTo(Keys[low].AsSpan(0, _shared)) < 0 ? ~low : ~Count;
        }

        var head = Head(key[_shared..]);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = _heads[middle].CompareTo(head);
            order = order == 0 ? Keys[middle].AsSpan().SequenceCompareTo(key) : order;
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
        var index = Find(key);
        return index >= 0 ? index : ~index - 1;
    }

    /// <summary>Gives an entry its key.</summary>
    internal void SetKey(int index, byte[] key)
    {
        Keys[index] = key;

        // Keys are in order, so what the outer two share all of them do.
        var isOuter = index == FirstKey || index == Count - 1;
        if (isOuter && (FirstKey == Count - 1 || SharedByOuterKeys() < _shared))
        {
            SummarizeKeys();
        }
        else
        {
            _heads[index] = Head(key.AsSpan(_shared));
        }
    }

    /// <summary>Makes room for an entry.</summary>
    internal void Open(int index)
    {
        CopyTo(this, index, index + 1, Count - index);
        Span<ulong> heads = _heads;
        heads[index..Count].CopyTo(heads[(index + 1)..]);
        _owned = (_owned & FirstBits(index)) | (_owned >> index << index << 1);
        Count++;
    }

    /// <summary>Takes an entry out.</summary>
    internal void Close(int index)
    {
        CopyTo(this, index + 1, index, Count - index - 1);
        Span<ulong> heads = _heads;
        heads[(index + 1)..Count].CopyTo(heads[index..]);
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
        SummarizeKeys();
        right.SummarizeKeys();
        return right;
    }

    /// <summary>Appends all entries of the right neighbour.</summary>
    internal void Append(HeapNode right, byte[] separator)
    {
        right.CopyTo(this, 0, Count, right.Count);
        _owned |= ReferenceEquals(right.Mark, Mark) ? right._owned << Count : 0;
        Keys[Count] = right.Values is null ? separator : right.Keys[0];
        Count += right.Count;
        SummarizeKeys();
    }

    private int FirstKey => Values is null ? 1 : 0;

    private static int MaskedBits(int shared) => 64 - (8 * Math.Min(shared, sizeof(ulong)));

    /// <summary>The first eight bytes as a number; where there are fewer, zeros stand for them.</summary>
    private static ulong Head(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(bytes);
        }

        var head = 0UL;
        foreach (var next in bytes)
        {
            head = head << 8 | next;
        }

        return bytes.IsEmpty ? 0 : head << (8 * (sizeof(ulong) - bytes.Length));
    }

    private int SharedByOuterKeys() => Keys[FirstKey].AsSpan().CommonPrefixLength(Keys[Count - 1]);

    private void SummarizeKeys()
    {
        var first = FirstKey;
        if (first >= Count)
        {
            return;
        }

        _shared = SharedByOuterKeys();
        _sharedHead = Head(Keys[first].AsSpan(0, _shared));
        for (var i = first; i < Count; i++)
        {
            _heads[i] = Head(Keys[i].AsSpan(_shared));
        }
    }

    private bool BeginsAsAll(ReadOnlySpan<byte> key)
    {
        if (_shared == 0)
        {
            return true;
        }

        return key.Length >= _shared
            && (Head(key) ^ _sharedHead) >> MaskedBits(_shared) == 0
            && (_shared <= sizeof(ulong) || key[sizeof(ulong).._shared]
                .SequenceEqual(Keys[FirstKey].AsSpan(sizeof(ulong), _shared - sizeof(ulong))));
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

    [InlineArray(Capacity)]
    private struct Heads
    {
        private ulong _first;
    }
}
