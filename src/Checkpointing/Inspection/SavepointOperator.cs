using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;

namespace Checkpointing.Inspection;

/// <summary>One operator of a savepoint that is being written: its states, and their rows until they are
/// sorted.</summary>
internal sealed class SavepointOperator(string name, int maxParallelism, RowSorter rows)
{
    private readonly ArrayBufferWriter<byte> _row = new();
    private readonly ArrayBufferWriter<byte> _part = new();
    private long _number;

    internal string Name => name;

    internal RowSorter Rows => rows;

    /// <summary>Keyed states; rows name them by their index.</summary>
    internal List<StateDescription> States { get; } = [];

    /// <summary>Lists of the operator, each with its items.</summary>
    internal List<(StateDescriptor Descriptor, Action<OperatorState> Fill)> Lists { get; } = [];

    /// <summary>Declares a keyed state.</summary>
    /// <returns>Its index.</returns>
    /// <exception cref="ArgumentException">The name is taken, or the operator's keys have another
    /// serializer.</exception>
    internal int Declare(StateDescription state)
    {
        CheckName(state.Name);
        if (States.FirstOrDefault(one => one.Key != state.Key) is { } other)
        {
            throw new ArgumentException(
                $"Operator '{name}' has keys of {other.Key}; those of state '{state.Name}' are of {state.Key}.");
        }

        States.Add(state);
        return States.Count - 1;
    }

    /// <summary>Declares the operator's timers; those of each clock may come in a call of their own.</summary>
    /// <returns>Their index.</returns>
    internal int DeclareTimers(StateDescription timers) =>
        States.IndexOf(timers) is >= 0 and var index ? index : Declare(timers);

    internal void CheckName(string state)
    {
        if (States.Exists(one => one.Name == state) || Lists.Exists(one => one.Descriptor.Name == state))
        {
            throw new ArgumentException($"State '{state}' of operator '{name}' is written already.");
        }
    }

    /// <summary>Adds a row.</summary>
    internal ValueTask AddAsync(
        int state,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> space,
        ReadOnlySpan<byte> userKey,
        byte[] value,
        CancellationToken cancellationToken)
    {
        _row.ResetWrittenCount();
        KeyedRowKey.WriteKeyGroup(KeyGroupAssignment.KeyGroupOf(key, maxParallelism), _row);
        KeyedRowKey.WritePart(key, _row);
        KeyedRowKey.WritePart(space, _row);
        _row.Write(userKey);
        return rows.AddAsync(new(state, _row.WrittenSpan.ToArray(), value, _number++), cancellationToken);
    }

    /// <summary>Bytes of a value of a serializer.</summary>
    internal byte[] Encode<T>(StateSerializer<T> serializer, T value)
    {
        _part.ResetWrittenCount();
        serializer.Write(value, _part);
        return _part.WrittenSpan.ToArray();
    }

    /// <summary>Rows in order, what was written in pieces put together.</summary>
    /// <exception cref="ArgumentException">A state that holds one value a key got two.</exception>
    internal async IAsyncEnumerable<SavepointRow> ReadAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        SavepointRow? last = null;
        await foreach (var row in rows.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (last is not null && last.IsSameAs(row))
            {
                last = States[row.State].Kind switch
                {
                    // A list may come in pieces; a timer that is registered twice is one.
                    StateKind.List => last with { Value = [.. last.Value, .. row.Value] },
                    StateKind.Timer => last,
                    _ => throw new ArgumentException(
                        $"State '{States[row.State].Name}' of operator '{name}' got two rows for one key; it holds "
                        + "one."),
                };
                continue;
            }

            if (last is not null)
            {
                yield return last;
            }

            last = row;
        }

        if (last is not null)
        {
            yield return last;
        }
    }
}
