using Checkpointing.Embedded;
using Checkpointing.State;

namespace Checkpointing.Torture.Soak;

/// <summary>A small state that changes a little between two checkpoints, and what it should hold.</summary>
internal sealed class SoakState(ulong seed)
{
    private const int Keys = 1_000;
    private const int ChangesAStep = 20;
    private const int MaxElements = 8;

    private static readonly ValueStateDescriptor<long> s_total = new("total");
    private static readonly ListStateDescriptor<int> s_recent = new("recent");
    private static readonly MapStateDescriptor<int, string> s_byDay = new("by-day");
    private static readonly OperatorListStateDescriptor<long> s_position = new("position");

    private readonly Random _random = new(unchecked((int)seed));
    private readonly long[] _totals = new long[Keys];
    private readonly List<int>[] _recent = [.. Enumerable.Range(0, Keys).Select(static _ => new List<int>())];
    private readonly Dictionary<int, string>[] _byDay =
        [.. Enumerable.Range(0, Keys).Select(static _ => new Dictionary<int, string>())];

    internal static EmbeddedTask<string> NewTask(IKeyedStateBackendFactory backend) =>
        new("soak") { Backend = backend, States = [s_total, s_recent, s_byDay, s_position] };

    /// <summary>Changes a few keys, and the position.</summary>
    internal void Step(EmbeddedTaskState<string> task, long position)
    {
        task.Operator.GetState(s_position).Replace([position]);
        for (var i = 0; i < ChangesAStep; i++)
        {
            var key = _random.Next(Keys);
            using (task.Keyed.EnterKey(NameOf(key)))
            {
                Change(task.Keyed, key);
            }
        }
    }

    /// <summary>What differs from what was written; null if nothing does.</summary>
    internal string? FindDifference(EmbeddedTaskState<string> task)
    {
        for (var key = 0; key < Keys; key++)
        {
            using (task.Keyed.EnterKey(NameOf(key)))
            {
                var byDay = task.Keyed.GetState(s_byDay);
                if (task.Keyed.GetState(s_total).GetOrDefault() != _totals[key]
                    || !task.Keyed.GetState(s_recent).ToList().SequenceEqual(_recent[key])
                    || _byDay[key].Any(day => byDay.GetOrDefault(day.Key) != day.Value)
                    || byDay.IsEmpty != (_byDay[key].Count == 0))
                {
                    return $"the state of key '{NameOf(key)}' is not what was written";
                }
            }
        }

        return null;
    }

    private static string NameOf(int key) => $"key-{key}";

    private void Change(KeyedState<string> keyed, int key)
    {
        var amount = _random.Next(1_000);
        _totals[key] += amount;
        keyed.GetState(s_total).Set(_totals[key]);

        if (_recent[key].Count == MaxElements)
        {
            _recent[key].Clear();
            keyed.GetState(s_recent).Clear();
        }

        _recent[key].Add(amount);
        keyed.GetState(s_recent).Add(amount);

        var day = _random.Next(7);
        if (_byDay[key].Remove(day))
        {
            keyed.GetState(s_byDay).Remove(day);
        }
        else
        {
            _byDay[key][day] = $"{amount} on day {day}";
            keyed.GetState(s_byDay).Set(day, _byDay[key][day]);
        }
    }
}
