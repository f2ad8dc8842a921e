using Checkpointing.State;

namespace Checkpointing.Testing.State;

/// <summary>Random accesses to states with a time to live while time moves, with snapshots and restores between, beside
/// a model in dictionaries: every backend gives the same answers.</summary>
internal static class TimeToLiveRandomCases
{
    private const int Steps = 2500;
    private const int Duration = 50;
    private const int KeyCount = 12;

    internal static IEnumerable<ConformanceCase<KeyedStateBackendSetup>> All { get; } =
        from refresh in Enum.GetValues<TimeToLiveRefresh>()
        from seed in Enumerable.Range(1, 2)
        select new ConformanceCase<KeyedStateBackendSetup>(
            $"random steps in moving time with seed {seed}, anew {refresh}, equal a model",
            (setup, cancellationToken) => RunAsync(setup, seed, refresh, cancellationToken));

    private static async Task RunAsync(
        KeyedStateBackendSetup setup, int seed, TimeToLiveRefresh refresh, CancellationToken cancellationToken)
    {
        var bed = new TimeToLiveBed(setup, cancellationToken);
        var states = TimeToLiveStates.For(Duration, refresh);
        var random = new Random(seed);
        var model = new Model(bed.Clock, refresh);
        var state = await bed.OpenAsync(states).ConfigureAwait(false);
        for (var step = 0; step < Steps; step++)
        {
            bed.Clock.Milliseconds += random.Next(4) == 0 ? random.Next(12) : 0;
            if (random.Next(200) == 0)
            {
                var kind = random.Next(3) == 0 ? CheckpointKind.Savepoint : CheckpointKind.Checkpoint;
                var stored = await bed.CloseAsync(state, kind).ConfigureAwait(false);
                state = await bed.OpenAsync(states, stored).ConfigureAwait(false);
            }
            else
            {
                var key = $"key{random.Next(KeyCount)}";
                using var scope = state.Keyed.EnterKey(key);
                Step(state.Keyed, states, model.Of(key), random, $"at step {step}");
            }

            if (step % 50 == 0)
            {
                ExpectAll(state.Keyed, states, model, $"after step {step}");
            }
        }

        await state.DisposeAsync().ConfigureAwait(false);
    }

    private static void Step(
        KeyedState<string> keyed, TimeToLiveStates states, KeyModel model, Random random, string at)
    {
        var (value, list) = (keyed.GetState(states.Value), keyed.GetState(states.List));
        var (map, sum) = (keyed.GetState(states.Map), keyed.GetState(states.Sum));
        var (entry, number) = (random.Next(3), random.Next(100));
        switch (random.Next(14))
        {
            case 0:
                value.Set(number);
                model.Values.Set(0, number);
                break;
            case 1:
                Expect.Equal(model.Values.Get(0), value.TryGet(out var found) ? found : null, $"Value {at}");
                break;
            case 2:
                Expect.Equal(
                    model.Values.Change(0, old => (old ?? 0) + number), value.Update(old => old + number),
                    $"Changed value {at}");
                break;
            case 3:
                list.Add($"{number}");
                model.List.Add($"{number}");
                break;
            case 4:
                list.Replace([$"{number}", ""]);
                model.List.Clear();
                model.List.Add($"{number}");
                model.List.Add("");
                break;
            case 5:
                Expect.Equal(
                    string.Join(' ', model.List.Read()), string.Join(' ', list.ToList()), $"List {at}");
                break;
            case 6:
                Expect.Equal(model.List.Live().Any(), !list.IsEmpty, $"Whether the list has elements {at}");
                break;
            case 7:
                map.Set(entry, $"{number}");
                model.Map.Set(entry, number);
                break;
            case 8:
                Expect.Equal($"{model.Map.Get(entry)}", map.GetOrDefault(entry, ""), $"Entry {at}");
                break;
            case 9:
                List<string> entries = [];
                foreach (var (key, text) in map)
                {
                    entries.Add($"{key}={text}");
                }

                Expect.Equal(
                    string.Join(' ', model.Map.Live().Select(static row => $"{row.Key}={row.Value}")),
                    string.Join(' ', entries), $"Map {at}");
                break;
            case 10:
                map.Remove(entry);
                model.Map.Remove(entry);
                break;
            case 11:
                sum.Add(number);
                model.Sums.Change(0, old => (old ?? 0) + number);
                break;
            case 12:
                Expect.Equal(model.Sums.Get(0), sum.TryGet(out var total) ? total : null, $"Sum {at}");
                break;
            default:
                value.Clear();
                model.Values.Remove(0);
                list.Clear();
                model.List.Clear();
                break;
        }
    }

    private static void ExpectAll(KeyedState<string> keyed, TimeToLiveStates states, Model model, string at)
    {
        Expect.Equal(
            Text(model.Keys.SelectMany(static key => key.Value.Values.Live().Select(row => $"{key.Key}:{row.Value}"))),
            Text(keyed.ReadAll(states.Value).Select(static row => $"{row.Key}:{row.Value}")), $"All values {at}");
        Expect.Equal(
            Text(model.Keys.Where(static key => key.Value.List.Live().Any())
                .Select(static key => $"{key.Key}:{string.Join(',', key.Value.List.Live())}")),
            Text(keyed.ReadAll(states.List).Select(static row => $"{row.Key}:{string.Join(',', row.Value)}")),
            $"All lists {at}");
        Expect.Equal(
            Text(model.Keys.SelectMany(static key => key.Value.Map.Live().Select(row => $"{key.Key}:{row.Key}"))),
            Text(keyed.ReadAll(states.Map).Select(static row => $"{row.Key}:{row.Value.Key}")), $"All entries {at}");
    }

    private static string Text(IEnumerable<string> rows) => string.Join(' ', rows.Order(StringComparer.Ordinal));

    private sealed class Model(TestClock clock, TimeToLiveRefresh refresh)
    {
        internal Dictionary<string, KeyModel> Keys { get; } = [];

        internal KeyModel Of(string key)
        {
            if (!Keys.TryGetValue(key, out var model))
            {
                Keys.Add(key, model = new(clock, refresh == TimeToLiveRefresh.OnReadAndWrite));
            }

            return model;
        }
    }

    private sealed class KeyModel(TestClock clock, bool refreshes)
    {
        internal Numbers Values { get; } = new(clock, refreshes);

        internal Numbers Map { get; } = new(clock, refreshes);

        internal Numbers Sums { get; } = new(clock, refreshes);

        internal Elements List { get; } = new(clock, refreshes);
    }

    private sealed class Numbers(TestClock clock, bool refreshes)
    {
        private readonly SortedDictionary<int, (long Value, long End)> _rows = [];

        internal void Set(int key, long value) => _rows[key] = (value, clock.Milliseconds + Duration);

        internal void Remove(int key) => _rows.Remove(key);

        internal long? Get(int key)
        {
            if (!_rows.TryGetValue(key, out var row) || row.End <= clock.Milliseconds)
            {
                return null;
            }

            if (refreshes)
            {
                Set(key, row.Value);
            }

            return row.Value;
        }

        internal long Change(int key, Func<long?, long> change)
        {
            var value = change(Get(key));
            Set(key, value);
            return value;
        }

        internal IEnumerable<(int Key, long Value)> Live() =>
            _rows.Where(row => row.Value.End > clock.Milliseconds).Select(static row => (row.Key, row.Value.Value));
    }

    private sealed class Elements(TestClock clock, bool refreshes)
    {
        private readonly List<(string Value, long End)> _elements = [];

        internal void Add(string value) => _elements.Add((value, clock.Milliseconds + Duration));

        internal void Clear() => _elements.Clear();

        internal IEnumerable<string> Live() =>
            _elements.Where(element => element.End > clock.Milliseconds).Select(static element => element.Value);

        internal string[] Read()
        {
            string[] live = [.. Live()];
            if (refreshes)
            {
                Clear();
                Array.ForEach(live, Add);
            }

            return live;
        }
    }
}
