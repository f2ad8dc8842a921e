using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Checkpointing.KeyGroups;

namespace Checkpointing.State;

/// <summary>The current key and namespace of a subtask as the beginning of row keys, in buffers that are used
/// again.</summary>
/// <remarks>Scopes are numbered, so that a copy of a scope that has ended cannot end a later one.</remarks>
internal sealed class CurrentKey(string operatorName, KeyGroupRange range, int maxParallelism)
{
    private const int NoThread = -1;

    private readonly ArrayBufferWriter<byte> _part = new();
    private readonly ArrayBufferWriter<byte> _key = new();
    private readonly ArrayBufferWriter<byte> _withoutNamespace = new();
    private readonly ArrayBufferWriter<byte> _withNamespace = new();
    private readonly ArrayBufferWriter<byte> _row = new();
    private int _threadId = NoThread;
    private int _keyScope;
    private int _namespaceScope;
    private int _namespaceLength;
    private Type? _namespaceType;
    private bool _hasNamespace;
    private bool _isDisposed;

    internal string OperatorName => operatorName;

    internal bool IsOpen => _threadId != NoThread;

    /// <summary>Bytes of the current namespace; empty without.</summary>
    internal ReadOnlySpan<byte> Namespace => _hasNamespace ? _withNamespace.WrittenSpan[^_namespaceLength..] : [];

    internal KeyScope EnterKey<TKey>(TKey key, StateSerializer<TKey> serializer)
    {
        ThrowIfDisposed();
        if (IsOpen)
        {
            throw new InvalidOperationException(
                $"A key scope of operator '{operatorName}' is open already. Leave it before the next key is entered.");
        }

        _part.ResetWrittenCount();
        serializer.Write(key, _part);
        var group = KeyGroupAssignment.KeyGroupOf(_part.WrittenSpan, maxParallelism);
        if (!range.Contains(group))
        {
            throw new ArgumentOutOfRangeException(
                nameof(key),
                $"The key is of key group {group}; this subtask of operator '{operatorName}' owns {range}.");
        }

        _key.ResetWrittenCount();
        KeyedRowKey.WriteKeyGroup(group, _key);
        KeyedRowKey.WritePart(_part.WrittenSpan, _key);
        _withoutNamespace.ResetWrittenCount();
        _withoutNamespace.Write(_key.WrittenSpan);
        KeyedRowKey.WritePart([], _withoutNamespace);
        _threadId = Environment.CurrentManagedThreadId;
        return new(this, ++_keyScope);
    }

    internal NamespaceScope EnterNamespace<TNamespace>(TNamespace value, StateSerializer<TNamespace> serializer)
    {
        CheckNamespaceMayBegin();
        _part.ResetWrittenCount();
        serializer.Write(value, _part);
        return BeginNamespace(_part.WrittenSpan, typeof(TNamespace));
    }

    internal NamespaceScope EnterNamespace(ReadOnlySpan<byte> stored)
    {
        CheckNamespaceMayBegin();
        return BeginNamespace(stored, null);
    }

    internal void LeaveKey(int number)
    {
        if (number == _keyScope && IsOpen)
        {
            _threadId = NoThread;
            _hasNamespace = false;
        }
    }

    internal void LeaveNamespace(int number)
    {
        if (number == _namespaceScope)
        {
            _hasNamespace = false;
        }
    }

    internal void Dispose() => _isDisposed = true;

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_isDisposed, typeof(SubtaskState));

    /// <summary>The beginning of the current row keys of a state, checked; valid until the scope ends.</summary>
    internal ReadOnlySpan<byte> Prefix(StateDescriptor state)
    {
        CheckAccess();
        if (state.Namespace is not { } wanted)
        {
            return _withoutNamespace.WrittenSpan;
        }

        if (!_hasNamespace || (_namespaceType is { } entered && entered != wanted.ValueType))
        {
            ThrowNamespace(state.Name, wanted.ValueType);
        }

        return _withNamespace.WrittenSpan;
    }

    /// <summary>The beginning of the current row keys with whatever namespace is entered.</summary>
    internal ReadOnlySpan<byte> PrefixOfTimers()
    {
        CheckAccess();
        return _hasNamespace ? _withNamespace.WrittenSpan : _withoutNamespace.WrittenSpan;
    }

    /// <summary>A row's key; valid until the next call.</summary>
    internal ReadOnlySpan<byte> Row<TUserKey>(
        StateDescriptor state, TUserKey userKey, StateSerializer<TUserKey> serializer)
    {
        _row.ResetWrittenCount();
        _row.Write(Prefix(state));
        serializer.Write(userKey, _row);
        return _row.WrittenSpan;
    }

    private void CheckAccess()
    {
        ThrowIfDisposed();
        if (_threadId != Environment.CurrentManagedThreadId)
        {
            ThrowNoScope();
        }
    }

    private void CheckNamespaceMayBegin()
    {
        CheckAccess();
        if (_hasNamespace)
        {
            throw new InvalidOperationException(
                $"A namespace scope of operator '{operatorName}' is open already. Leave it before the next one is "
                + "entered.");
        }
    }

    private NamespaceScope BeginNamespace(ReadOnlySpan<byte> bytes, Type? type)
    {
        if (bytes.IsEmpty)
        {
            throw new ArgumentException("A namespace has at least one byte: none stands for 'without namespace'.");
        }

        _withNamespace.ResetWrittenCount();
        _withNamespace.Write(_key.WrittenSpan);
        KeyedRowKey.WritePart(bytes, _withNamespace);
        (_hasNamespace, _namespaceType, _namespaceLength) = (true, type, bytes.Length);
        return new(this, ++_namespaceScope);
    }

    [DoesNotReturn]
    private void ThrowNoScope() => throw new InvalidOperationException(IsOpen
        ? $"The key scope of operator '{operatorName}' was entered on another thread; state is used on that one only."
        : $"Operator '{operatorName}' has no current key. Use its keyed state inside 'using (keyed.EnterKey(key))'.");

    [DoesNotReturn]
    private void ThrowNamespace(string state, Type wanted) => throw new InvalidOperationException(
        $"State '{state}' of operator '{operatorName}' is kept by a namespace of {wanted}; "
        + (_hasNamespace ? $"the current one is of {_namespaceType}." : "enter one with EnterNamespace."));
}
