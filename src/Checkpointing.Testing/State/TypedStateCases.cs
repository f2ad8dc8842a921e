using Checkpointing.KeyGroups;
using Checkpointing.State;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Testing.State;

/// <summary>Cases about the typed states over a backend.</summary>
internal static class TypedStateCases
{
    private static readonly string[] Keys = ["", "a", "ab", "b", "\0", "ÿÿ", new('x', 300)];
    private static readonly int[] Windows = [-1, 0, 256];

    private static readonly ValueStateDescriptor<long> Value = new("value") { Namespace = StateSerializer.Int32 };
    private static readonly ListStateDescriptor<string> List = new("list") { Namespace = StateSerializer.Int32 };
    private static readonly MapStateDescriptor<string, int> Map = new("map") { Namespace = StateSerializer.Int32 };
    private static readonly ReducingStateDescriptor<int> Most = new(
        "most", Reduction.MaxOfInt32) { Namespace = StateSerializer.Int32 };
    private static readonly ValueStateDescriptor<string> Plain = new("plain");
    private static readonly StateDescriptor[] States = [Value, List, Map, Most, Plain];

    public static async Task KeepsKeysApartAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var state = await OpenAsync(setup, SubtaskRestore.None, cancellationToken).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            ExpectEmpty(state.Keyed);
            Write(state);
            ExpectWritten(state.Keyed);
            Clear(state.Keyed);
            ExpectEmpty(state.Keyed);
        }
    }

    public static async Task RestoresAllKindsAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new BackendTestBed(setup, cancellationToken);
        SubtaskSnapshot snapshot;
        var state = await OpenAsync(setup, SubtaskRestore.None, cancellationToken).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            Write(state);
            var plan = state.PrepareSnapshot(bed.NextRequest());
            await using (plan.ConfigureAwait(false))
            {
                Clear(state.Keyed);
                snapshot = await plan.WriteAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        var restored = await OpenAsync(
            setup, new(new(1), IsForeign: false, [snapshot.Keyed!], []), cancellationToken).ConfigureAwait(false);
        await using (restored.ConfigureAwait(false))
        {
            ExpectWritten(restored.Keyed);
            List<(long Time, string Key)> fired = [];
            while (restored.Timers.TryTakeDue(new(2), out var timer))
            {
                fired.Add((timer.Time.Milliseconds, timer.Key));
            }

            Expect.Equal(Keys.Length * 2, fired.Count, "Timers that were due");
            Expect.That(
                fired.SequenceEqual(fired.OrderBy(static timer => timer.Time)), "Timers come in the order of times.");
            Expect.Equal(Keys.Length, restored.Timers.Count, "Timers that were not due");
        }
    }

    private static ValueTask<SubtaskState<string>> OpenAsync(
        KeyedStateBackendSetup setup, SubtaskRestore restore, CancellationToken cancellationToken) =>
            SubtaskState.OpenAsync(
            new SubtaskStateContext
            {
                Job = "job",
                Operator = "op",
                SubtaskIndex = 0,
                Range = KeyGroupRange.All(BackendTestBed.MaxParallelism),
                MaxParallelism = BackendTestBed.MaxParallelism,
                States = States,
                UsesTimers = true,
                Restore = restore,
                Backend = setup.Factory,
                Storage = setup.Storage,
                Ids = IdSource.FromSeed(3),
                Time = TimeProvider.System,
                Logger = NullLogger.Instance,
            },
            StateSerializer.String, cancellationToken);

    private static void Write(SubtaskState<string> state)
    {
        var keyed = state.Keyed;
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            keyed.GetState(Plain).Set(key + "!");
            foreach (var time in new[] { 1, 2, 3, 1 })
            {
                state.Timers.RegisterEventTime(new(time));
            }

            foreach (var window in Windows)
            {
                using var inner = keyed.EnterNamespace(window);
                keyed.GetState(Value).Set(key.Length + window);
                keyed.GetState(List).AddRange([key, ""]);
                keyed.GetState(List).Add("last");
                keyed.GetState(Map).Set("", window);
                keyed.GetState(Map).Set(key + "m", 1);
                keyed.GetState(Map).Set("gone", 1);
                keyed.GetState(Map).Remove("gone");
                keyed.GetState(Most).Add(window);
                keyed.GetState(Most).Add(window - 1);
            }
        }
    }

    private static void ExpectWritten(KeyedState<string> keyed)
    {
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            Expect.Equal(key + "!", keyed.GetState(Plain).GetOrDefault(), "State without namespace");
            foreach (var window in Windows)
            {
                using var inner = keyed.EnterNamespace(window);
                Expect.Equal(key.Length + window, keyed.GetState(Value).GetOrDefault(), "Value state");
                Expect.That(
                    keyed.GetState(List).ToList().SequenceEqual([key, "", "last"]), "List state has its elements.");
                Expect.Equal(window, keyed.GetState(Map).GetOrDefault("", -7), "Entry of map state");
                Expect.Equal(1, keyed.GetState(Map).GetOrDefault(key + "m", -7), "Entry of map state");
                Expect.Equal(2, CountOf(keyed.GetState(Map)), "Entries of map state");
                Expect.Equal(window, keyed.GetState(Most).GetOrDefault(), "Reducing state");
            }
        }

        Expect.Equal(Keys.Length, keyed.GetKeys(Plain).Count(), "Keys of a state");
        Expect.Equal(Keys.Length * Windows.Length, keyed.ReadAll(Value).Count(), "Values of a state");
    }

    private static void Clear(KeyedState<string> keyed)
    {
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            keyed.GetState(Plain).Clear();
            foreach (var window in Windows)
            {
                using var inner = keyed.EnterNamespace(window);
                keyed.GetState(Value).Clear();
                keyed.GetState(List).Clear();
                keyed.GetState(Map).Clear();
                keyed.GetState(Most).Clear();
            }
        }
    }

    private static void ExpectEmpty(KeyedState<string> keyed)
    {
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            Expect.That(!keyed.GetState(Plain).TryGet(out _), "State without namespace is empty.");
            foreach (var window in Windows)
            {
                using var inner = keyed.EnterNamespace(window);
                Expect.That(!keyed.GetState(Value).TryGet(out _), "Value state is empty.");
                Expect.That(keyed.GetState(List).IsEmpty, "List state is empty.");
                Expect.That(keyed.GetState(Map).IsEmpty, "Map state is empty.");
                Expect.That(!keyed.GetState(Most).TryGet(out _), "Reducing state is empty.");
            }
        }
    }

    private static int CountOf(MapState<string, int> map)
    {
        var count = 0;
        foreach (var _ in map)
        {
            count++;
        }

        return count;
    }
}
