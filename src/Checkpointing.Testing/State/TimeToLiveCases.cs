using Checkpointing.KeyGroups;
using Checkpointing.State;

namespace Checkpointing.Testing.State;

/// <summary>Cases about states with a time to live. A backend need not drop anything; it must keep stamps as they
/// are.</summary>
internal static class TimeToLiveCases
{
    private const int Duration = 1000;

    private static readonly string[] Keys = ["", "a", "b", "\0", new('x', 300)];

    internal static IReadOnlyList<ConformanceCase<KeyedStateBackendSetup>> All { get; } =
    [
        new("states of all kinds expire to the millisecond", ExpiresAsync),
        new("only reading begins a time to live anew, and only where that is declared", RefreshesAsync),
        new("elements of a list and entries of a map expire one by one", ExpiresOneByOneAsync),
        new("what has expired does not come back with a restore", RestoresAsync),
        new("stamps move with their key groups", RescalesAsync),
        new("a time to live is set, changed and taken away between runs", MigratesAsync),
        new("a refreshing read during an enumeration writes nothing", EnumeratesAsync),
    ];

    private static async Task ExpiresAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        var states = TimeToLiveStates.For(Duration);
        var state = await bed.OpenAsync(states).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            Write(state.Keyed, states);
            RegisterTimers(state);
            ExpectWritten(state.Keyed, states);
            bed.Clock.Milliseconds += Duration - 1;
            ExpectWritten(state.Keyed, states);
            bed.Clock.Milliseconds++;
            ExpectExpired(state.Keyed, states);
            Expect.Equal(Keys.Length, state.Timers.Count, "Timers, which do not expire");

            Write(state.Keyed, states);
            ExpectWritten(state.Keyed, states);

            // A clock that is set back makes nothing expire.
            bed.Clock.Milliseconds -= 10 * Duration;
            ExpectWritten(state.Keyed, states);
        }
    }

    private static async Task RefreshesAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        foreach (var refresh in Enum.GetValues<TimeToLiveRefresh>())
        {
            var states = TimeToLiveStates.For(Duration, refresh);
            var state = await bed.OpenAsync(states).ConfigureAwait(false);
            await using (state.ConfigureAwait(false))
            {
                Write(state.Keyed, states);
                bed.Clock.Milliseconds += Duration - 1;
                ExpectWritten(state.Keyed, states);
                bed.Clock.Milliseconds += Duration - 1;
                if (refresh == TimeToLiveRefresh.OnWrite)
                {
                    ExpectExpired(state.Keyed, states);
                }
                else
                {
                    ExpectWritten(state.Keyed, states);
                    bed.Clock.Milliseconds += Duration - 1;

                    // Neither of these is a read that begins anything anew.
                    _ = state.Keyed.ReadAll(states.List).Count() + state.Keyed.GetKeys(states.Value).Count();
                    using (state.Keyed.EnterKey("a"))
                    {
                        _ = state.Keyed.GetState(states.List).IsEmpty || state.Keyed.GetState(states.Map).IsEmpty;
                        foreach (var _ in state.Keyed.GetState(states.Map))
                        {
                        }
                    }

                    bed.Clock.Milliseconds++;
                    ExpectExpired(state.Keyed, states);
                }
            }
        }
    }

    private static async Task ExpiresOneByOneAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        var states = TimeToLiveStates.For(Duration);
        var state = await bed.OpenAsync(states).ConfigureAwait(false);
        using (state.Keyed.EnterKey("a"))
        {
            for (var i = 0; i < 3; i++)
            {
                state.Keyed.GetState(states.List).AddRange([$"{i}", $"{i}+"]);
                state.Keyed.GetState(states.Map).Set(i, $"{i}");
                bed.Clock.Milliseconds += 100;
            }

            state.Keyed.GetState(states.Map).Set(0, "new");
            bed.Clock.Milliseconds += Duration - 300;
            Expect.Equal("1 1+ 2 2+", Elements(state.Keyed.GetState(states.List)), "Elements of a list that live");
            Expect.Equal("0=new 1=1 2=2", Entries(state.Keyed.GetState(states.Map)), "Entries of a map that live");
            bed.Clock.Milliseconds += 100;
            Expect.Equal("2 2+", Elements(state.Keyed.GetState(states.List)), "Elements of a list that live");
            Expect.Equal("0=new 2=2", Entries(state.Keyed.GetState(states.Map)), "Entries of a map that live");
            state.Keyed.GetState(states.List).Add("3");
            bed.Clock.Milliseconds += 150;
            Expect.Equal("3", Elements(state.Keyed.GetState(states.List)), "Elements of a list that live");
        }

        Expect.Equal(
            "3", string.Join(' ', state.Keyed.ReadAll(states.List).Single().Value), "Elements that a walk shows");
        await state.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task RestoresAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        foreach (var kind in new[] { CheckpointKind.Checkpoint, CheckpointKind.Savepoint })
        {
            var states = TimeToLiveStates.For(Duration);
            var state = await bed.OpenAsync(states).ConfigureAwait(false);
            Write(state.Keyed, states);
            bed.Clock.Milliseconds += Duration / 2;
            var stored = await bed.CloseAsync(state, kind).ConfigureAwait(false);

            state = await bed.OpenAsync(states, stored).ConfigureAwait(false);
            ExpectWritten(state.Keyed, states);
            bed.Clock.Milliseconds += Duration / 2;
            ExpectExpired(state.Keyed, states);
            await state.DisposeAsync().ConfigureAwait(false);

            state = await bed.OpenAsync(states, stored).ConfigureAwait(false);
            await using (state.ConfigureAwait(false))
            {
                ExpectExpired(state.Keyed, states);
            }
        }
    }

    private static async Task RescalesAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        var states = TimeToLiveStates.For(Duration);
        var state = await bed.OpenAsync(states).ConfigureAwait(false);
        Write(state.Keyed, states);
        var whole = await bed.CloseAsync(state).ConfigureAwait(false);
        bed.Clock.Milliseconds += Duration - 1;
        var (low, high) = (new KeyGroupRange(0, 4), new KeyGroupRange(5, TimeToLiveBed.All.Last));
        var halves = new[]
        {
            await bed.CloseAsync(await bed.OpenAsync(states, low, whole).ConfigureAwait(false)).ConfigureAwait(false),
            await bed.CloseAsync(await bed.OpenAsync(states, high, whole).ConfigureAwait(false)).ConfigureAwait(false),
        };
        state = await bed.OpenAsync(states, halves).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            ExpectWritten(state.Keyed, states);
            bed.Clock.Milliseconds++;
            ExpectExpired(state.Keyed, states);
        }
    }

    private static async Task MigratesAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        var (endless, brief, longer) = (
            new TimeToLiveStates(null), TimeToLiveStates.For(Duration), TimeToLiveStates.For(3 * Duration));
        var state = await bed.OpenAsync(endless).ConfigureAwait(false);
        Write(state.Keyed, endless);
        bed.Clock.Milliseconds += 100 * Duration;
        var stored = await bed.CloseAsync(state).ConfigureAwait(false);

        // Set: the time begins with the restore.
        state = await bed.OpenAsync(brief, stored).ConfigureAwait(false);
        bed.Clock.Milliseconds += Duration - 1;
        ExpectWritten(state.Keyed, brief);
        stored = await bed.CloseAsync(state).ConfigureAwait(false);

        // Changed: what is stored has its stamp, and the new duration holds.
        state = await bed.OpenAsync(longer, stored).ConfigureAwait(false);
        bed.Clock.Milliseconds += 2 * Duration;
        ExpectWritten(state.Keyed, longer);
        bed.Clock.Milliseconds++;
        ExpectExpired(state.Keyed, longer);
        Write(state.Keyed, longer);
        stored = await bed.CloseAsync(state).ConfigureAwait(false);

        // Taken away.
        state = await bed.OpenAsync(endless, stored).ConfigureAwait(false);
        bed.Clock.Milliseconds += 100 * Duration;
        ExpectWritten(state.Keyed, endless);
        stored = await bed.CloseAsync(state).ConfigureAwait(false);
        state = await bed.OpenAsync(endless, stored).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            ExpectWritten(state.Keyed, endless);
        }
    }

    private static async Task EnumeratesAsync(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        var states = TimeToLiveStates.For(Duration, TimeToLiveRefresh.OnReadAndWrite);
        var state = await bed.OpenAsync(states).ConfigureAwait(false);
        await using (state.ConfigureAwait(false))
        {
            using var scope = state.Keyed.EnterKey("a");
            var (map, list) = (state.Keyed.GetState(states.Map), state.Keyed.GetState(states.List));
            map.Set(1, "1");
            map.Set(2, "2");
            list.AddRange(["x", "y"]);
            bed.Clock.Milliseconds += 10;
            var seen = "";
            foreach (var (key, _) in map)
            {
                seen += map.GetOrDefault(3 - key, "none");
            }

            foreach (var outer in list)
            {
                foreach (var inner in list)
                {
                    seen += outer + inner;
                }
            }

            Expect.Equal("21xxxyyxyy", seen, "What nested reads show");
        }
    }

    private static void Write(KeyedState<string> keyed, TimeToLiveStates states)
    {
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            keyed.GetState(states.Value).Set(long.MinValue);
            keyed.GetState(states.List).Replace([key, ""]);
            keyed.GetState(states.List).Add("last");
            keyed.GetState(states.Map).Set(-1, "");
            keyed.GetState(states.Map).Set(1, key);
            keyed.GetState(states.Sum).Clear();
            keyed.GetState(states.Sum).Add(40);
            keyed.GetState(states.Sum).Add(2);
            keyed.GetState(states.Text).Clear();
            keyed.GetState(states.Text).Add("abc");
            using var window = keyed.EnterNamespace(7);
            keyed.GetState(states.Windowed).Set(7);
        }
    }

    private static void RegisterTimers(SubtaskState<string> state)
    {
        foreach (var key in Keys)
        {
            using var scope = state.Keyed.EnterKey(key);
            state.Timers.RegisterEventTime(new(1));
        }
    }

    private static void ExpectWritten(KeyedState<string> keyed, TimeToLiveStates states)
    {
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            Expect.Equal(long.MinValue, keyed.GetState(states.Value).GetOrDefault(), "Value");
            Expect.That(!keyed.GetState(states.List).IsEmpty, "List has elements.");
            Expect.Equal($"{key}  last", Elements(keyed.GetState(states.List)), "List");
            Expect.Equal("", keyed.GetState(states.Map).GetOrDefault(-1), "Entry");
            Expect.That(keyed.GetState(states.Map).ContainsKey(1), "Map has an entry.");
            Expect.Equal($"-1= 1={key}", Entries(keyed.GetState(states.Map)), "Map");
            Expect.Equal(42, keyed.GetState(states.Sum).GetOrDefault(), "Sum");
            Expect.Equal(3, keyed.GetState(states.Text).GetOrDefault(), "Aggregate");
            using var window = keyed.EnterNamespace(7);
            Expect.Equal(7, keyed.GetState(states.Windowed).GetOrDefault(), "Value with namespace");
        }

        Expect.Equal(
            Keys.Length, keyed.ReadAll(states.Value).Count(static row => row.Value == long.MinValue), "Values");
        Expect.Equal(Keys.Length, keyed.ReadAll(states.List).Count(static row => row.Value.Count == 3), "Lists");
    }

    private static void ExpectExpired(KeyedState<string> keyed, TimeToLiveStates states)
    {
        Expect.Equal(0, keyed.GetKeys(states.Value).Count() + keyed.ReadAll(states.Windowed).Count(), "Values");
        Expect.Equal(0, keyed.ReadAll(states.List).Count() + keyed.GetKeys(states.List).Count(), "Lists");
        Expect.Equal(0, keyed.ReadAll(states.Map).Count() + keyed.ReadAll(states.Sum).Count(), "Entries and sums");
        foreach (var key in Keys)
        {
            using var scope = keyed.EnterKey(key);
            Expect.That(!keyed.GetState(states.Value).TryGet(out _), "Value has expired.");
            Expect.That(!keyed.GetState(states.Value).TryGetBytes(out _), "Value has expired.");
            Expect.That(keyed.GetState(states.List).IsEmpty, "List has expired.");
            Expect.Equal("", Elements(keyed.GetState(states.List)), "List");
            Expect.That(!keyed.GetState(states.Map).ContainsKey(1), "Entry has expired.");
            Expect.That(keyed.GetState(states.Map).IsEmpty, "Map has expired.");
            Expect.Equal("", Entries(keyed.GetState(states.Map)), "Map");
            Expect.That(!keyed.GetState(states.Sum).TryGet(out _), "Sum has expired.");
            Expect.That(!keyed.GetState(states.Text).TryGet(out _), "Aggregate has expired.");
            using var window = keyed.EnterNamespace(7);
            Expect.That(!keyed.GetState(states.Windowed).TryGet(out _), "Value with namespace has expired.");
        }
    }

    private static string Elements(ListState<string> list) => string.Join(' ', list.ToList());

    private static string Entries(MapState<int, string> map)
    {
        List<KeyValuePair<int, string>> entries = [];
        foreach (var entry in map)
        {
            entries.Add(entry);
        }

        return string.Join(' ', entries.OrderBy(static entry => entry.Key).Select(
            static entry => $"{entry.Key}={entry.Value}"));
    }
}
