using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Testing.Faults;
using Checkpointing.Testing.Simulation;

namespace Checkpointing.Torture.Tests.Simulation;

/// <summary>The example of docs/testing.md for a process, word for word.</summary>
public sealed class TorturingAProcessTests
{
    [Fact]
    public async Task Example_OfTheDocs_Passes()
    {
        var crashes = 0;

        string[] events = ["a", "b", "a", "c", "a", "b", "c"];
        for (var operation = 1; ; operation++)
        {
            var disk = new SimulatedStorage();
            var plan = FaultPlan.At(new PlannedFault(operation, FaultKind.Crash));
            var life = CountAsync(new FaultyStorage(disk, plan), events);
            await Task.WhenAny(life, plan.WhenCrashed);         // a dead process never ends what it was doing
            if (!plan.HasCrashed)
            {
                break;                                          // it has fewer operations than that
            }

            disk.CutPower(CrashAftermath.UnsyncedReordered, new Random(operation));
            Assert.Equal(3, await CountAsync(disk, events));    // the next process goes on: "a" came three times
            var register = new StorageCheckpointRegister(disk);
            await new InvariantChecker(disk, register, "counts").CheckAsync();
            crashes++;
        }

        crashes.Should().BeGreaterThan(30);

        static async Task<long> CountAsync(ICheckpointStorage storage, string[] events)
        {
            var count = new ValueStateDescriptor<long>("count");
            var position = new OperatorListStateDescriptor<int>("position");
            await using var checkpoints = await EmbeddedCheckpoints.OpenAsync(storage, "counts");
            await using var task = await checkpoints.OpenTaskAsync(
                new EmbeddedTask<string>("counts") { States = [count, position] });
            var counts = task.Keyed.GetState(count);
            var read = task.Operator.GetState(position);
            for (var next = read.Items is [var stored] ? stored : 0; next < events.Length; next++)
            {
                using (task.Keyed.EnterKey(events[next]))
                {
                    counts.Set(counts.GetOrDefault() + 1);
                }

                if (next % 2 == 1)
                {
                    read.Replace([next + 1]);
                    await checkpoints.BeginCheckpoint().WaitAsync();
                }
            }

            using (task.Keyed.EnterKey("a"))
            {
                return counts.GetOrDefault();
            }
        }
    }
}
