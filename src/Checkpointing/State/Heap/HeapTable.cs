using System.Buffers;
using System.Diagnostics;
using Checkpointing.StateHandles;

namespace Checkpointing.State.Heap;

/// <summary>The rows of one state in memory.</summary>
internal sealed class HeapTable(string operatorName) : KeyedStateTable
{
    private readonly HeapTree _tree = new();
    private HeapSweep? _sweep;
    private bool _isDisposed;

    internal long Count => _tree.Count;

    internal int Version => _isDisposed ? throw Disposed() : _tree.Version;

    public override bool TryGet(ReadOnlySpan<byte> key, ArrayBufferWriter<byte> target)
    {
        ThrowIfDisposed();
        if (!_tree.TryGet(key, out var value))
        {
            return false;
        }

        target.Write(value);
        return true;
    }

    public override void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        ThrowIfDisposed();
        _tree.Put(key, value);
        _sweep?.CountWrite();
    }

    public override void Delete(ReadOnlySpan<byte> key)
    {
        ThrowIfDisposed();
        _tree.Delete(key);
    }

    public override void Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> suffix)
    {
        ThrowIfDisposed();
        _tree.Append(key, suffix);
        _sweep?.CountWrite();
    }

    public override KeyedStateCursor Scan(ReadOnlySpan<byte> prefix)
    {
        ThrowIfDisposed();
        return new HeapCursor(_tree.Root, prefix, this);
    }

    internal HeapNode? Freeze() => _tree.Freeze();

    /// <summary>Writes drop expired rows from now on.</summary>
    internal void StartExpiring(StateExpiry expiry, StateDescription state) =>
        _sweep = new(_tree, expiry, state.Kind == StateKind.List, operatorName, state.Name);

    internal void Dispose() => _isDisposed = true;

    private void ThrowIfDisposed()
    {
        if (_isDisposed)
        {
            throw Disposed();
        }
    }

    [StackTraceHidden]
    private ObjectDisposedException Disposed() => new($"The keyed state of operator '{operatorName}'");
}
