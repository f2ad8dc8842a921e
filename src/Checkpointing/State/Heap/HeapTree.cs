namespace Checkpointing.State.Heap;

/// <summary>An ordered map from bytes to bytes whose versions share what did not change: a B+-tree, copied on
/// write.</summary>
/// <remarks>One writer. <see cref="Freeze"/> costs nothing; afterwards each node is copied once when it is first
/// changed. What
/// was frozen may be read on any thread.</remarks>
internal sealed class HeapTree
{
    private object _mark = new();
    private HeapNode? _root;

    // Where the last row was found, until something moves: a row that is read and then written, which is most of what
    // jobs do, is looked for once.
    private HeapNode? _lastLeaf;
    private int _lastIndex;

    /// <summary>Number of rows.</summary>
    internal long Count { get; private set; }

    /// <summary>Grows with every change.</summary>
    internal int Version { get; private set; }

    internal HeapNode? Root => _root;

    /// <summary>The tree as it is now; it never changes again.</summary>
    internal HeapNode? Freeze()
    {
        _mark = new();
        return _root;
    }

    internal bool TryGet(ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        if (!IsLast(key))
        {
            var node = _root;
            while (node?.Children is { } children)
            {
                node = children[node.FindChild(key)];
            }

            var index = node?.Find(key) ?? -1;
            if (index < 0)
            {
                value = default;
                return false;
            }

            (_lastLeaf, _lastIndex) = (node, index);
        }

        value = _lastLeaf!.Values![_lastIndex].Bytes;
        return true;
    }

    /// <summary>The leaf where a key is or would be; null if there is no row.</summary>
    /// <param name="key">The key.</param>
    /// <param name="next">A key that is in the next leaf or would be; null if this is the last one.</param>
    internal HeapNode? FindLeaf(ReadOnlySpan<byte> key, out byte[]? next)
    {
        next = null;
        var node = _root;
        while (node?.Children is { } children)
        {
            var at = node.FindChild(key);
            next = at + 1 < node.Count ? node.Keys[at + 1] : next;
            node = children[at];
        }

        return node;
    }

    internal void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Write(key, value, isAppend: false);

    internal void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> suffix) => Write(key, suffix, isAppend: true);

    internal void Delete(ReadOnlySpan<byte> key)
    {
        if (!TryGet(key, out _))
        {
            return;
        }

        Version++;
        Count--;
        _lastLeaf = null;
        _root = Delete(_root!, key);
        while (_root is { Children: { } children, Count: <= 1 })
        {
            _root = _root.Count == 0 ? null : children[0];
        }

        if (_root is { Count: 0 })
        {
            _root = null;
        }
    }

    private void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isAppend)
    {
        Version++;
        if (IsLast(key) && ReferenceEquals(_lastLeaf!.Mark, _mark))
        {
            Change(_lastLeaf, _lastIndex, value, isAppend);
            return;
        }

        _lastLeaf = null;
        _root = (_root ?? new HeapNode(_mark, isLeaf: true)).Writable(_mark);
        if (Write(_root, key, value, isAppend) is { } right)
        {
            var root = new HeapNode(_mark, isLeaf: false) { Count = 2 };
            (root.Children![0], root.Children[1]) = (_root, right);
            root.SetKey(1, LeastKey(right));
            _root = root;
        }
    }

    /// <summary>Writes below a node that is ours.</summary>
    /// <returns>The right half if the node was split.</returns>
    private HeapNode? Write(HeapNode node, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool isAppend)
    {
        if (node.Values is not null)
        {
            var index = node.Find(key);
            if (index >= 0)
            {
                Change(node, index, value, isAppend);
                (_lastLeaf, _lastIndex) = (node, index);
                return null;
            }

            Count++;
            return Insert(node, ~index, key.ToArray(), new HeapValue(value));
        }

        var at = node.FindChild(key);
        var child = node.Children![at] = node.Children[at].Writable(_mark);
        return Write(child, key, value, isAppend) is { } right ? Insert(node, at + 1, LeastKey(right), right) : null;
    }

    private bool IsLast(ReadOnlySpan<byte> key) =>
        _lastLeaf is { } leaf && leaf.Keys[_lastIndex].AsSpan().SequenceEqual(key);

    /// <summary>Changes the value of a row in a leaf that is ours.</summary>
    private static void Change(HeapNode leaf, int index, ReadOnlySpan<byte> value, bool isAppend)
    {
        var values = leaf.Values!;
        if (isAppend)
        {
            values[index] = values[index].Append(value);
        }
        else if (!leaf.OwnsValue(index) || !values[index].TryOverwrite(value))
        {
            values[index] = new(value);
            leaf.OwnValue(index);
        }
    }

    private static HeapNode? Insert(HeapNode node, int index, byte[] key, HeapValue value)
    {
        var (target, targetIndex, right) = MakeRoom(node, index);
        target.Open(targetIndex);
        target.SetKey(targetIndex, key);
        target.Values![targetIndex] = value;
        target.OwnValue(targetIndex);
        return right;
    }

    private static HeapNode? Insert(HeapNode node, int index, byte[] key, HeapNode child)
    {
        var (target, targetIndex, right) = MakeRoom(node, index);
        target.Open(targetIndex);
        target.SetKey(targetIndex, key);
        target.Children![targetIndex] = child;
        return right;
    }

    // Keys that come in order fill nodes wholly: then the new node begins with the new entry.
    private static (HeapNode Target, int Index, HeapNode? Right) MakeRoom(HeapNode node, int index)
    {
        if (node.Count < HeapNode.Capacity)
        {
            return (node, index, null);
        }

        var right = node.Split(index == HeapNode.Capacity ? HeapNode.Capacity : HeapNode.Capacity / 2);
        return index > node.Count || right.Count == 0 ? (right, index - node.Count, right) : (node, index, right);
    }

    private HeapNode Delete(HeapNode node, ReadOnlySpan<byte> key)
    {
        node = node.Writable(_mark);
        if (node.Values is not null)
        {
            node.Close(node.Find(key));
            return node;
        }

        var at = node.FindChild(key);
        var child = node.Children![at] = Delete(node.Children[at], key);
        if (child.Count == 0)
        {
            node.Close(at);
        }
        else if (child.Count < HeapNode.MergeLimit && node.Count > 1)
        {
            Merge(node, at == 0 ? 0 : at - 1);
        }

        return node;
    }

    /// <summary>Makes one child of two neighbours if they fit.</summary>
    private void Merge(HeapNode parent, int leftIndex)
    {
        var (left, right) = (parent.Children![leftIndex], parent.Children[leftIndex + 1]);
        if (left.Count + right.Count > HeapNode.Capacity)
        {
            return;
        }

        left = parent.Children[leftIndex] = left.Writable(_mark);
        left.Append(right, parent.Keys[leftIndex + 1]);
        parent.Close(leftIndex + 1);
    }

    private static byte[] LeastKey(HeapNode node)
    {
        while (node.Children is { } children)
        {
            node = children[0];
        }

        return node.Keys[0];
    }
}
