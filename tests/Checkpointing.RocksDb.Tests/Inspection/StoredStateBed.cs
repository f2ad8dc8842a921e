using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.Local;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.RocksDb.Tests.Inspection;

/// <summary>An operator with a state of every kind, in two subtasks, and its stored checkpoints.</summary>
internal sealed class StoredStateBed : IDisposable
{
    public const int MaxParallelism = 16;
    public const string Operator = "all-kinds";

    public static readonly StateSerializer<string> Keys = StateSerializer.String;
    public static readonly ValueStateDescriptor<long> Value = new("value");
    public static readonly ListStateDescriptor<string> List = new("list");
    public static readonly MapStateDescriptor<int, double> Map = new("map");
    public static readonly ReducingStateDescriptor<long> Reducing = new("reducing", Reduction.SumOfInt64);
    public static readonly AggregatingStateDescriptor<int, (long First, long Second), double> Aggregating =
        new("aggregating", new Mean(), StateSerializer.Tuple(StateSerializer.Int64, StateSerializer.Int64));

    public static readonly ValueStateDescriptor<int> Windowed = new("windowed") { Namespace = StateSerializer.Int64 };
    public static readonly ListStateDescriptor<int> Living = new("living")
    {
        TimeToLive = new(TimeSpan.FromDays(1_000)),
    };

    public static readonly OperatorListStateDescriptor<long> Items = new("items");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("stored-state-");
    private readonly RocksDbBackendFactory _rocksDb;

    public StoredStateBed()
    {
        Storage = new(Path.Combine(_folder.FullName, "storage"));
        _rocksDb = new(new() { WorkingDirectory = Path.Combine(_folder.FullName, "work") });
    }

    public static IReadOnlyList<StateDescriptor> AllStates { get; } =
        [Value, List, Map, Reducing, Aggregating, Windowed, Living, Items];

    public LocalCheckpointStorage Storage { get; }

    public IKeyedStateBackendFactory Backend(bool isRocksDb) => isRocksDb ? _rocksDb : new HeapBackendFactory();

    public Task<SubtaskState<string>> OpenAsync(
        bool isRocksDb, KeyGroupRange range, SubtaskRestore? restore = null, int maxParallelism = MaxParallelism) =>
        SubtaskState.OpenAsync(ContextOf(isRocksDb, range, restore, maxParallelism), Keys, CancellationToken.None)
            .AsTask();

    /// <summary>Fills two subtasks from a seed, and stores a checkpoint of them.</summary>
    /// <returns>Its folder.</returns>
    public async Task<string> StoreAsync(bool isRocksDb, CheckpointKind kind, SavepointFormat format, int seed)
    {
        var folder = kind == CheckpointKind.Savepoint ? $"savepoints/{seed}" : $"job/chk-{seed}";
        var subtasks = new List<SubtaskCheckpoint>();
        IReadOnlyList<StateDescription> states = [];
        for (var index = 0; index < 2; index++)
        {
            var range = KeyGroupAssignment.RangeOf(index, 2, MaxParallelism);
            await using var state = await OpenAsync(isRocksDb, range);
            Fill(state, range, new Random(seed + index));
            await using var plan = state.PrepareSnapshot(new()
            {
                CheckpointId = new(seed), Kind = kind, Format = format, Base = null, Job = "job", Epoch = 1,
                Attempt = 0, ExclusiveFolder = folder,
            });
            var snapshot = await plan.WriteAsync(CancellationToken.None);
            states = snapshot.States;
            subtasks.Add(new(index) { ManagedKeyed = snapshot.Keyed, ManagedOperator = snapshot.Operator });
        }

        var metadata = new CheckpointMetadata(new(seed), [], [
            new OperatorCheckpoint(OperatorId.FromName(Operator), 2, MaxParallelism, subtasks.ToValueList())
            {
                Name = Operator, States = states.ToValueList(),
            }])
        {
            Info = new(
                "job", Guid.Empty, Guid.Empty, 1, new(kind, CheckpointRetention.Always) { Format = format },
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, []),
        };
        await Storage.WriteAllAsync(
            $"{folder}/_metadata", CheckpointMetadataSerializer.Write(metadata, MetadataFormat.NativeV1),
            CancellationToken.None);
        return folder;
    }

    /// <summary>All that a restored job sees, as texts, in order.</summary>
    public async Task<List<string>> ReadRestoredAsync(
        bool isRocksDb, CheckpointMetadata metadata, int maxParallelism = MaxParallelism)
    {
        var stored = metadata.Operators.Single(static one => one.Name == Operator);
        var handles = stored.Subtasks.Select(static one => one.ManagedKeyed).OfType<KeyedStateHandle>().ToList();
        var lists = OperatorStateAssignment.Assign(
            [.. stored.Subtasks.Select(static one => one.ManagedOperator)], 1)[0];
        await using var state = await OpenAsync(
            isRocksDb, KeyGroupRange.All(maxParallelism), new(metadata.CheckpointId, true, handles, lists),
            maxParallelism);
        var seen = new List<string>();
        seen.AddRange(state.Keyed.ReadAll(Value).Select(TextOf));
        seen.AddRange(state.Keyed.ReadAll(List).Select(TextOfList));
        seen.AddRange(state.Keyed.ReadAll(Map).Select(TextOf));
        seen.AddRange(state.Keyed.ReadAll(Reducing).Select(TextOf));
        seen.AddRange(state.Keyed.ReadAll(Aggregating).Select(TextOf));
        seen.AddRange(state.Keyed.ReadAll(Windowed).Select(TextOf));
        seen.AddRange(state.Keyed.ReadAll(Living).Select(TextOfList));
        seen.AddRange(state.Operator.GetState(Items).Items.Select(static item => $"item {item}"));
        while (state.Timers!.TryTakeDue(Timestamp.MaxValue, out var timer))
        {
            seen.Add($"timer {timer.Key} {Convert.ToHexString(timer.Namespace.Span)} {timer.Time}");
        }

        while (state.Timers!.TryTakeDueProcessingTime(Timestamp.MaxValue, out var timer))
        {
            seen.Add($"clock {timer.Key} {Convert.ToHexString(timer.Namespace.Span)} {timer.Time}");
        }

        return seen;
    }

    public static string TextOf<T>(KeyedStateEntry<string, T> entry) =>
        $"{entry.Key} {Convert.ToHexString(entry.Namespace.Span)} {entry.Value}";

    public static string TextOfList<T>(KeyedStateEntry<string, IReadOnlyList<T>> entry) =>
        $"{entry.Key} {string.Join('|', entry.Value)}";

    public void Dispose()
    {
        Storage.Dispose();
        _folder.Delete(recursive: true);
    }

    private static void Fill(SubtaskState<string> state, KeyGroupRange range, Random random)
    {
        var (value, list, map) =
            (state.Keyed.GetState(Value), state.Keyed.GetState(List), state.Keyed.GetState(Map));
        var (reducing, aggregating) = (state.Keyed.GetState(Reducing), state.Keyed.GetState(Aggregating));
        var (windowed, living) = (state.Keyed.GetState(Windowed), state.Keyed.GetState(Living));
        for (var i = 0; i < 250; i++)
        {
            var key = $"k{random.Next(250)}{new string('x', random.Next(4))}";
            if (!range.Contains(KeyGroupAssignment.KeyGroupOf(System.Text.Encoding.UTF8.GetBytes(key), MaxParallelism)))
            {
                continue;
            }

            using (state.Keyed.EnterKey(key))
            {
                value.Set(random.NextInt64());
                list.Add($"e{random.Next(100)}");
                map.Set(random.Next(6), random.NextDouble());
                reducing.Add(random.Next(1_000));
                aggregating.Add(random.Next(1_000));
                living.Add(random.Next(1_000));
                state.Timers!.RegisterEventTime(new(random.Next(1_000)));
                using (state.Keyed.EnterNamespace((long)random.Next(3)))
                {
                    windowed.Set(random.Next());
                    state.Timers.RegisterEventTime(new(random.Next(1_000)));
                    state.Timers.RegisterProcessingTime(new(random.Next(1_000)));
                }

                state.Timers.RegisterProcessingTime(new(random.Next(1_000)));

                if (random.Next(6) == 0)
                {
                    value.Clear();
                    list.Clear();
                }
            }
        }

        state.Operator.GetState(Items).Replace([.. Enumerable.Range(0, 5).Select(_ => random.NextInt64())]);
    }

    private SubtaskStateContext ContextOf(
        bool isRocksDb, KeyGroupRange range, SubtaskRestore? restore, int maxParallelism) => new()
        {
            Job = "job",
            Operator = Operator,
            SubtaskIndex = 0,
            Range = range,
            MaxParallelism = maxParallelism,
            States = AllStates,
            UsesTimers = true,
            Restore = restore ?? SubtaskRestore.None,
            Backend = Backend(isRocksDb),
            Storage = Storage,
            Ids = IdSource.System,
            Time = TimeProvider.System,
            Logger = NullLogger.Instance,
        };

    private sealed class Mean : Aggregator<int, (long First, long Second), double>
    {
        public override (long First, long Second) CreateAccumulator() => (0, 0);

        public override (long First, long Second) Add((long First, long Second) accumulator, int element) =>
            (accumulator.First + element, accumulator.Second + 1);

        public override double GetResult((long First, long Second) accumulator) =>
            (double)accumulator.First / accumulator.Second;

        public override (long First, long Second) Merge((long First, long Second) left, (long First,
            long Second) right) =>
            (left.First + right.First, left.Second + right.Second);
    }
}
