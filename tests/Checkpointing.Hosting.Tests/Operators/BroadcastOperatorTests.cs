using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>Rules that all subtasks hold, and keyed records that they are applied to; driven without
/// channels.</summary>
public sealed class BroadcastOperatorTests
{
    private static readonly BroadcastStateDescriptor<string, int> Rules = new("rules");

    [Fact]
    public async Task ProcessBroadcast_Rule_HoldsForTheKeysOfAllSubtasks()
    {
        await using var bed = await OperatorBed.OpenAsync(Define(), "apply", parallelism: 4);
        bed.Process("a", "a", 1);
        bed.Broadcast(("times", 3));
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            bed.Process(key, key, 2);
        }

        bed.Broadcast(("times", 0));
        bed.Process("a", "a", 3);

        bed.Output.Select(static sent => (string)sent.Value).Should().Equal(
            "a 1 of 0 rules", "a 2*3 of 1 rules", "b 1*3 of 1 rules", "c 1*3 of 1 rules", "d 1*3 of 1 rules",
            "a 3 of 0 rules");
    }

    [Theory]
    [InlineData(1, 4, false)]
    [InlineData(4, 1, false)]
    [InlineData(3, 5, true)]
    public async Task Restore_AnotherParallelism_GivesEachSubtaskOneCopy(int before, int after, bool onRocksDb)
    {
        using var folder = new TemporaryFolder();
        IKeyedStateBackendFactory backend = onRocksDb
            ? new RocksDbBackendFactory(new() { WorkingDirectory = folder.File("work") })
            : new HeapBackendFactory();
        var bed = await OperatorBed.OpenAsync(Define(), "apply", before, backend);
        bed.Broadcast(("times", 2));
        bed.Broadcast(("plus", 9));
        foreach (var key in new[] { "a", "b", "c", "d", "e", "f" })
        {
            bed.Process(key, key, 1);
        }

        bed.Output.Clear();
        bed = await bed.RestoreAsync(await bed.CheckpointAsync(), after, backend);
        foreach (var key in new[] { "a", "b", "c", "d", "e", "f" })
        {
            bed.Process(key, key, 2);
        }

        bed.Output.Select(static sent => (string)sent.Value).Should().Equal(
            new[] { "a", "b", "c", "d", "e", "f" }.Select(static key => $"{key} 2*2 of 2 rules"));
        await bed.DisposeAsync();
    }

    [Fact]
    public async Task Checkpoint_RulesInAnyOrder_AreTheSameBytesInAllSubtasks()
    {
        await using var first = await OperatorBed.OpenAsync(Define(), "apply", parallelism: 3);
        foreach (var rule in new[] { ("b", 1), ("a", 2), ("c", 3) })
        {
            first.Broadcast(rule);
        }

        await using var second = await OperatorBed.OpenAsync(Define(), "apply", parallelism: 1);
        foreach (var rule in new[] { ("c", 3), ("x", 7), ("a", 2), ("x", 0), ("b", 1) })
        {
            second.Broadcast(rule);
        }

        var streams = (await first.CheckpointAsync()).Concat(await second.CheckpointAsync())
            .Select(static snapshot => ((ByteStreamStateHandle)snapshot.Operator!.Stream).Data.Items.ToArray());

        streams.Should().HaveCount(4).And.AllBeEquivalentTo(streams.First());
    }

    private static StreamJob Define() => Jobs.Of<string>(static (job, words) => words
        .KeyBy(static word => word)
        .Connect(job.AddSource("rules", new ListSource<(string Name, int Value)>([])).Broadcast())
        .Process("apply", static () => new Apply()).AddOut());

    /// <summary>Counts each word, and gives the count with the rule that holds.</summary>
    private sealed class Apply : KeyedBroadcastOperator<string, string, (string Name, int Value), string>
    {
        private static readonly ValueStateDescriptor<int> Count = new("count");

        private ValueState<int> _count = null!;
        private ReadOnlyBroadcastState<string, int> _rules = null!;

        public override IReadOnlyList<StateDescriptor> States => [Count, Rules];

        public override bool UsesTimers => false;

        public override void Open(KeyedOperatorContext<string> context) =>
            (_count, _rules) = (context.GetState(Count), context.GetState(Rules));

        public override void Process(string value, KeyedElementContext<string> context, Emitter<string> output)
        {
            _count.Set(_count.GetOrDefault() + 1);
            var times = _rules.TryGet("times", out var factor) ? $"*{factor}" : "";
            output.Emit($"{value} {_count.GetOrDefault()}{times} of {_rules.Count} rules");
        }

        public override void ProcessBroadcast(
            (string Name, int Value) value, BroadcastElementContext context, Emitter<string> output)
        {
            var rules = context.GetState(Rules);
            if (value.Value == 0)
            {
                rules.Remove(value.Name);
            }
            else
            {
                rules.Set(value.Name, value.Value);
            }
        }
    }
}
