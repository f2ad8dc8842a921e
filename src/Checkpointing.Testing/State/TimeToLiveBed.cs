using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Testing.State;

/// <summary>Opens and restores an operator whose states have a time to live, on a clock of its own.</summary>
internal sealed class TimeToLiveBed(KeyedStateBackendSetup setup, CancellationToken cancellationToken)
{
    private readonly BackendTestBed _bed = new(setup, cancellationToken);

    internal TestClock Clock { get; } = new();

    internal static KeyGroupRange All => BackendTestBed.All;

    internal Task<SubtaskState<string>> OpenAsync(TimeToLiveStates states, params KeyedStateHandle?[] restore) =>
        OpenAsync(states, All, restore);

    internal Task<SubtaskState<string>> OpenAsync(
        TimeToLiveStates states, KeyGroupRange range, params KeyedStateHandle?[] restore) => SubtaskState.OpenAsync(
            new SubtaskStateContext
            {
                Job = "job",
                Operator = "op",
                SubtaskIndex = 0,
                Range = range,
                MaxParallelism = BackendTestBed.MaxParallelism,
                States = states.All,
                UsesTimers = true,
                Restore = new(
                    new(1), IsForeign: false,
                    [.. restore.OfType<KeyedStateHandle>().Where(handle => handle.KeyGroups.Overlaps(range))], []),
                Backend = setup.Factory,
                Storage = setup.Storage,
                Ids = _bed.Ids,
                Time = Clock,
                Logger = NullLogger.Instance,
            },
            StateSerializer.String, cancellationToken).AsTask();

    /// <summary>Takes a snapshot, ends the state, and gives what it stored.</summary>
    internal async Task<KeyedStateHandle?> CloseAsync(
        SubtaskState<string> state, CheckpointKind kind = CheckpointKind.Checkpoint)
    {
        await using (state.ConfigureAwait(false))
        {
            var request = _bed.NextRequest(kind);
            var plan = state.PrepareSnapshot(request);
            await using (plan.ConfigureAwait(false))
            {
                var snapshot = await plan.WriteAsync(cancellationToken).ConfigureAwait(false);
                return snapshot.Keyed is { } handle ? _bed.Resolve(handle, request.ExclusiveFolder) : null;
            }
        }
    }
}

/// <summary>One state of each kind, all with one time to live or none.</summary>
internal sealed class TimeToLiveStates
{
    internal TimeToLiveStates(TimeToLive? ttl)
    {
        Value = new("value") { TimeToLive = ttl };
        Windowed = new("windowed") { TimeToLive = ttl, Namespace = StateSerializer.Int32 };
        List = new("list") { TimeToLive = ttl };
        Map = new("map") { TimeToLive = ttl };
        Sum = new("sum", static (left, right) => left + right) { TimeToLive = ttl };
        Text = new("text", new Concatenation()) { TimeToLive = ttl };
        All = [Value, Windowed, List, Map, Sum, Text];
    }

    internal ValueStateDescriptor<long> Value { get; }

    internal ValueStateDescriptor<long> Windowed { get; }

    internal ListStateDescriptor<string> List { get; }

    internal MapStateDescriptor<int, string> Map { get; }

    internal ReducingStateDescriptor<long> Sum { get; }

    internal AggregatingStateDescriptor<string, string, int> Text { get; }

    internal StateDescriptor[] All { get; }

    internal static TimeToLiveStates For(int milliseconds, TimeToLiveRefresh refresh = TimeToLiveRefresh.OnWrite) =>
        new(new(TimeSpan.FromMilliseconds(milliseconds)) { Refresh = refresh });

    private sealed class Concatenation : Aggregator<string, string, int>
    {
        public override string CreateAccumulator() => "";

        public override string Add(string accumulator, string element) => accumulator + element;

        public override int GetResult(string accumulator) => accumulator.Length;

        public override string Merge(string left, string right) => left + right;
    }
}
