namespace Checkpointing.State.Heap;

/// <summary>Walks over the rows of one version of a tree whose keys begin with a prefix.</summary>
internal sealed class HeapCursor : KeyedStateCursor
{
    private readonly byte[] _prefix;
    private readonly HeapTable? _table;
    private readonly int _version;
    private readonly Stack<(HeapNode Node, int Next)> _path = new();
    private HeapNode? _leaf;
    private int _index = -1;

    /// <summary>Opens a cursor.</summary>
    /// <param name="root">The version.</param>
    /// <param name="prefix">What keys begin with.</param>
    /// <param name="table">The table if its current version is walked over: then changing it ends the walk with an
    /// error.</param>
    internal HeapCursor(HeapNode? root, ReadOnlySpan<byte> prefix, HeapTable? table = null)
    {
        _prefix = prefix.ToArray();
        _table = table;
        _version = table?.Version ?? 0;
        for (var node = root; node is not null;)
        {
            if (node.Children is { } children)
            {
                var child = node.FindChild(prefix);
                _path.Push((node, child + 1));
                node = children[child];
                continue;
            }

            var found = node.Find(prefix);
            _leaf = node;
            _index = (found < 0 ? ~found : found) - 1;
            break;
        }
    }

    public override ReadOnlySpan<byte> Key => _leaf!.Keys[_index];

    public override ReadOnlySpan<byte> Value => _leaf!.Values![_index].Bytes;

    public override bool MoveNext()
    {
        if (_table is not null && _table.Version != _version)
        {
            throw new InvalidOperationException("The state was changed during an enumeration.");
        }

        if (_leaf is null)
        {
            return false;
        }

        if (++_index >= _leaf.Count && !MoveToNextLeaf())
        {
            _leaf = null;
            return false;
        }

        if (Key.StartsWith(_prefix))
        {
            return true;
        }

        _leaf = null;
        return false;
    }

    public override void Dispose() => _leaf = null;

    private bool MoveToNextLeaf()
    {
        while (_path.TryPop(out var step))
        {
            if (step.Next >= step.Node.Count)
            {
                continue;
            }

            _path.Push((step.Node, step.Next + 1));
            var node = step.Node.Children![step.Next];
            while (node.Children is { } children)
            {
                _path.Push((node, 1));
                node = children[0];
            }

            (_leaf, _index) = (node, 0);
            return true;
        }

        return false;
    }
}
