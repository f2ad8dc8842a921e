using System.Buffers.Binary;
using System.Text;
using Checkpointing.Diagnostics;
using Checkpointing.KeyGroups;
using Checkpointing.RocksDb;
using Checkpointing.State;

namespace Checkpointing.Torture.States;

// What happens to the state between checkpoints, and what it should be then.
internal sealed partial class StateHistory
{
    private const int ReadsByKey = 8;

    private IEnumerable<RocksDbKeyedStateBackend> RocksBackends => _rocks.Backends.Cast<RocksDbKeyedStateBackend>();

    private static int GroupOf(string key) =>
        KeyGroupAssignment.KeyGroupOf(Encoding.UTF8.GetBytes(key), KeyGroupCount);

    /// <summary>Accesses to keys of now few key groups, now many: so files get all widths.</summary>
    private void Write(int count)
    {
        var first = Next(KeyGroupCount);
        var groupCount = 1 + Next(Next(2) == 0 ? 3 : KeyGroupCount);
        _trace.Append($"w{count}@{first}+{groupCount} ");
        for (var i = 0; i < count; i++)
        {
            var keys = _keys[(first + Next(groupCount)) % KeyGroupCount];
            if (keys.Length > 0)
            {
                Apply(NewOperation(keys[Next(keys.Length)]));
            }

            _clock.Milliseconds += Next(20) == 0 ? Next(30) : 0;
        }

        _clock.Milliseconds += Next(3) == 0 ? Next(300) : 0;
    }

    private StateOperation NewOperation(string key) => new(
        Next(StateCount + 1), key, Next(StateOperation.NamespaceCount), Next(StateOperation.MapKeyCount),
        Next(StateOperation.ChoiceCount), Next(1_000),
        Next(20) == 0 ? "" : new string((char)('a' + Next(26)), Next(100)) + Next(1_000));

    private void Apply(StateOperation operation)
    {
        var group = GroupOf(operation.Key);
        var subtask = KeyGroupAssignment.SubtaskIndexOf(group, _rocks.Subtasks.Count, KeyGroupCount);
        if (operation.State == StateCount)
        {
            ApplyToTimers(operation, subtask);
            return;
        }

        var state = _states[operation.State];
        var expected = state.Apply(_model.States[operation.State], operation);
        foreach (var job in new[] { _rocks, _heap })
        {
            var answer = state.Apply(job.Subtasks[subtask].Keyed, operation);
            Invariant.Holds(answer == expected, $"{operation} gives '{answer}' on {NameOf(job)}, not '{expected}'");
        }
    }

    private void ApplyToTimers(StateOperation operation, int subtask)
    {
        var row = operation.RowOf(hasNamespace: operation.MapKey % 2 == 0);
        var isRegistered = operation.Choice % 3 > 0;
        foreach (var job in new[] { _rocks, _heap })
        {
            using var scope = job.Subtasks[subtask].Keyed.EnterKey(operation.Key);
            if (row.Namespace < 0)
            {
                ChangeTimer(job.Subtasks[subtask], isRegistered, operation.Number);
            }
            else
            {
                var space = new byte[sizeof(int)];
                BinaryPrimitives.WriteInt32LittleEndian(space, row.Namespace);
                using var inner = job.Subtasks[subtask].Keyed.EnterStoredNamespace(space);
                ChangeTimer(job.Subtasks[subtask], isRegistered, operation.Number);
            }
        }

        _model.Timers.Change(isRegistered, operation.Number, row);
    }

    private static void ChangeTimer(SubtaskState<string> subtask, bool isRegistered, long time)
    {
        if (isRegistered)
        {
            subtask.Timers.RegisterEventTime(new(time));
        }
        else
        {
            subtask.Timers.DeleteEventTime(new(time));
        }
    }

    /// <summary>Takes out what is due, in every subtask.</summary>
    private void FireTimers(long watermark)
    {
        _trace.Append($"t{watermark} ");
        var due = _model.Timers.TakeDue(watermark);
        for (var subtask = 0; subtask < _rocks.Subtasks.Count; subtask++)
        {
            var fired = TakeDue(_rocks.Subtasks[subtask], watermark);
            Invariant.Holds(
                fired.SequenceEqual(TakeDue(_heap.Subtasks[subtask], watermark)),
                $"subtask {subtask} fires other timers on the heap");
            var times = fired.Select(static timer => timer.Time).ToList();
            Invariant.Holds(
                times.SequenceEqual(times.Order()),
                $"subtask {subtask} fires timers out of order");
            foreach (var timer in fired)
            {
                Invariant.Holds(due.Remove(timer), $"subtask {subtask} fires {timer}, which is not due");
            }
        }

        Invariant.Holds(due.Count == 0, $"{due.FirstOrDefault()} is due and was not fired");
    }

    private static List<(long Time, ModelRow Row)> TakeDue(SubtaskState<string> subtask, long watermark)
    {
        List<(long, ModelRow)> fired = [];
        while (subtask.Timers.TryTakeDue(new(watermark), out var timer))
        {
            var space = timer.Namespace.IsEmpty ? -1 : BinaryPrimitives.ReadInt32LittleEndian(timer.Namespace.Span);
            fired.Add((timer.Time.Milliseconds, new(timer.Key, space, 0)));
        }

        return fired;
    }

    /// <summary>Flushes and compacts here and there. Contents stay; what has expired may go.</summary>
    private void DisturbSome()
    {
        foreach (var backend in RocksBackends)
        {
            if (Next(2) == 0)
            {
                continue;
            }

            backend.Database.Flush(backend.ColumnFamilies);
            for (var state = 0; state <= StateCount; state++)
            {
                if (Next(4) == 0)
                {
                    Compact(backend, state);
                }
            }
        }
    }

    private void Compact(RocksDbKeyedStateBackend backend, int state)
    {
        var family = backend.ColumnFamilies[state];
        if (state == StateCount || _states[state].Descriptor is not { TimeToLive: not null } descriptor)
        {
            backend.Database.Compact(family);
            return;
        }

        // The first compaction makes values of operands, the second one is shown these.
        _trace.Append('C');
        var before = StoredLengths(backend, descriptor.Name);
        backend.Database.Compact(family);
        backend.Database.Compact(family);
        var after = StoredLengths(backend, descriptor.Name);
        Invariant.Holds(
            after.All(row => row.Value <= before.GetValueOrDefault(row.Key)),
            $"'{descriptor.Name}' has more after it was compacted");
        Paths.Add("expired rows dropped by compaction", before.Count - after.Count);
        Paths.Add(
            "expired elements dropped by compaction", after.Count(row => row.Value < before[row.Key]));
    }

    private static Dictionary<string, int> StoredLengths(RocksDbKeyedStateBackend backend, string state)
    {
        var lengths = new Dictionary<string, int>(StringComparer.Ordinal);
        using var cursor = backend.GetTable(state).Scan([]);
        while (cursor.MoveNext())
        {
            lengths.Add(Convert.ToHexString(cursor.Key), cursor.Value.Length);
        }

        return lengths;
    }

    /// <summary>Holds both jobs against the model: by walks over all state, and by some keys.</summary>
    private async Task CompareAsync()
    {
        for (var state = 0; state < StateCount; state++)
        {
            var isList = _states[state] is ListHistory;
            var expected = _model.States[state].Live.ToDictionary(
                static row => row.Row,
                row => isList ? string.Join('\n', row.Texts.Prepend("list")) : row.Texts.Single());
            foreach (var job in new[] { _rocks, _heap })
            {
                Compare(job, _states[state], expected);
            }
        }

        foreach (var job in new[] { _rocks, _heap })
        {
            var count = job.Subtasks.Sum(static subtask => subtask.Timers.Count);
            Invariant.Holds(
                count == _model.Timers.Count, $"{NameOf(job)} has {count} timers, not {_model.Timers.Count}");
            var missing = await job.FindMissingAsync();
            Invariant.Holds(
                missing.Count == 0, $"a retained checkpoint of {NameOf(job)} lacks {missing.FirstOrDefault()}");
        }

        for (var i = 0; i < ReadsByKey; i++)
        {
            var keys = _keys[Next(KeyGroupCount)];
            for (var state = 0; keys.Length > 0 && state < StateCount; state++)
            {
                var operation = NewOperation(keys[Next(keys.Length)]);
                Apply(operation with { State = state, Choice = StateOperation.Read });
            }
        }
    }

    private static void Compare(HistoryJob job, HistoryState state, Dictionary<ModelRow, string> expected)
    {
        var name = $"{state.Descriptor.Name} on {NameOf(job)}";
        var missing = expected.Keys.ToHashSet();
        for (var index = 0; index < job.Subtasks.Count; index++)
        {
            var range = KeyGroupAssignment.RangeOf(index, job.Subtasks.Count, KeyGroupCount);
            foreach (var (group, row, text) in state.ReadAll(job.Subtasks[index].Keyed))
            {
                Invariant.Holds(
                    range.Contains(group) && GroupOf(row.Key) == group, $"{name}: {row} is in subtask {index}");
                var wanted = expected.GetValueOrDefault(row);
                Invariant.Holds(text == wanted, $"{name}: {row} is '{text}', not '{wanted ?? "nothing"}'");
                Invariant.Holds(missing.Remove(row), $"{name}: {row} is there twice");
            }
        }

        Invariant.Holds(
            missing.Count == 0, $"{name}: {missing.Count} of {expected.Count} are missing, {missing.FirstOrDefault()}");
    }

    private static string NameOf(HistoryJob job) =>
        job.Backends[0] is RocksDbKeyedStateBackend ? "RocksDB" : "the heap";
}
