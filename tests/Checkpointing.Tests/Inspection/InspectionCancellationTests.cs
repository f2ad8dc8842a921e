using Checkpointing.CompletedCheckpoints;
using Checkpointing.Embedded;
using Checkpointing.Inspection;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Faults;
using StoredState = Checkpointing.Tests.Coordination.StoredState;

namespace Checkpointing.Tests.Inspection;

/// <summary>What looks at a storage from outside, and changes it, has its token cancelled at every operation: what is
/// needed stays, nothing half made is left, and the same call does its work afterwards.</summary>
public sealed class InspectionCancellationTests
{
    private delegate Task<string> Call(ICheckpointStorage storage, CancellationToken token);

    private const int MostOperations = 1_000;
    private const int Checkpoints = 3;
    private static readonly ValueStateDescriptor<long> s_total = new("total");

    // Each gives back what is left when it has been called: equal for every storage on which it ended.
    private static readonly Dictionary<string, Call> s_calls = new()
    {
        ["census"] = static async (storage, token) =>
            $"{(await StorageCensus.TakeAsync(storage, cancellationToken: token)).Checkpoints.Count}",
        ["verify"] = VerifyAsync,
        ["read"] = static async (storage, token) =>
        {
            var reader = await CheckpointReader.OpenAsync(storage, await NewestAsync(storage, token), token);
            return string.Join(',', await RowsAsync(reader, token).ToListAsync(token));
        },
        ["copy"] = static async (storage, token) =>
        {
            var copy = await CheckpointCopy.RunAsync(
                storage, await NewestAsync(storage, token), storage, $"copies/{Guid.NewGuid():N}",
                cancellationToken: token);
            return $"{copy.Metadata.Operators.Count}";
        },
        ["write"] = static async (storage, token) =>
        {
            await using var writer = SavepointWriter.Create(storage, "made", 4);
            await writer.WriteAsync("totals", StateSerializer.String, s_total, Rows(), token);
            return $"{(await writer.CompleteAsync(token)).Metadata.Operators.Count}";
        },
        ["tag"] = static async (storage, token) => string.Join(
            ',', await CheckpointTagging.RunAsync(
                storage, await NewestAsync(storage, token), ["good"], [], cancellationToken: token)),
        ["forget"] = static async (storage, token) =>
        {
            await CheckpointForgetting.RunAsync(
                storage, "job", new() { KeepLast = 1 }, apply: true, cancellationToken: token);
            return $"{StoredState.RegisterOf(new StorageCheckpointRegister(storage), "job").Retained.Count}";
        },
        ["sweep"] = static async (storage, token) =>
        {
            await StorageSweep.RunAsync(storage, new() { Apply = true, Fence = true }, cancellationToken: token);
            return string.Join(',', StoredState.Orphans(storage, new StorageCheckpointRegister(storage), "job"));
        },
    };

    public static TheoryData<string> Calls => [.. s_calls.Keys];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task AnyOperation_TheTokenIsCancelledThere_NothingIsLostOrLeftAndTheSameCallEnds(string name)
    {
        var call = s_calls[name];
        var expected = await call(await StoreAsync(), CancellationToken.None);
        var (cancelled, operations) = (0, 0);
        for (var operation = 1; operation < MostOperations; operation++)
        {
            foreach (var isLate in new[] { false, true })
            {
                var storage = await StoreAsync();
                using var cancellation = new CancellationTokenSource();
                var plan = new FaultPlan { Cancellation = new(cancellation, operation, isLate) };
                var answer = expected;
                try
                {
                    answer = await call(new FaultyStorage(storage, plan), cancellation.Token);
                }
                catch (OperationCanceledException e)
                {
                    e.CancellationToken.Should().Be(cancellation.Token, "the caller asks whether it was its own");
                    cancelled++;
                }

                var when = $"operation {operation}{(isLate ? ", late" : "")}";
                answer.Should().Be(expected, when);
                operations = Math.Max(operations, plan.Count);
                await ExpectNothingLostAsync(storage, when);
                (await call(storage, CancellationToken.None)).Should().Be(expected, when);
                await ExpectNothingLostAsync(storage, when);
            }

            if (operation > operations)
            {
                break;
            }
        }

        operations.Should().BeInRange(5, MostOperations - 1);
        cancelled.Should().BeGreaterThan(operations / 2);
    }

    private static async Task ExpectNothingLostAsync(InMemoryCheckpointStorage storage, string when)
    {
        StoredState.MissingFiles(storage, new StorageCheckpointRegister(storage), "job").Should().BeEmpty(when);
        (await VerifyAsync(storage, CancellationToken.None)).Should().Be("True", when);

        // A folder without metadata is nobody's, and no sweep looks outside the jobs' own folders.
        foreach (var folder in new[] { "copies", "made" })
        {
            StoredState.FilesBelow(storage, folder).GroupBy(static path => path[..path.LastIndexOf('/')])
                .Should().NotContain(static files => !files.Any(static path => path.EndsWith("/_metadata")), when);
        }
    }

    /// <summary>A job with checkpoints of real state, and a file of an older epoch that nobody needs.</summary>
    private static async Task<InMemoryCheckpointStorage> StoreAsync()
    {
        var storage = new InMemoryCheckpointStorage();
        await using (var job = await EmbeddedCheckpoints.OpenAsync(
            storage, "job", new EmbeddedOptions { MaxRetainedCheckpoints = Checkpoints }))
        await using (var task = await job.OpenTaskAsync(
            new EmbeddedTask<string>("totals") { KeyGroups = KeyGroupRange.All(4), States = [s_total] }))
        {
            for (var i = 1; i <= Checkpoints; i++)
            {
                using (task.Keyed.EnterKey($"key-{i}"))
                {
                    task.Keyed.GetState(s_total).Set(i);
                }

                await job.BeginCheckpoint().WaitAsync();
            }
        }

        var needed = StoredState.FilesBelow(storage, "job").First(
            static path => CheckpointLayout.TryGetEpoch(path, out _));
        await storage.CopyAsync(
            needed, StoragePath.Combine(StoragePath.FolderOf(needed), CheckpointLayout.FileName(1, 0, Guid.NewGuid())),
            CancellationToken.None);
        return storage;
    }

    private static async Task<string> NewestAsync(ICheckpointStorage storage, CancellationToken token) =>
        (await StorageCensus.TakeAsync(storage, cancellationToken: token)).RetainedOf("job")[^1].Path;

    private static async Task<string> VerifyAsync(ICheckpointStorage storage, CancellationToken token)
    {
        var census = await StorageCensus.TakeAsync(storage, cancellationToken: token);
        var report = await CheckpointVerifier.VerifyAsync(
            storage, census, census.Checkpoints, new() { DeepBackend = new HeapBackendFactory() },
            cancellationToken: token);
        return $"{report.IsOk}";
    }

    private static async IAsyncEnumerable<string> RowsAsync(
        CheckpointReader reader, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken token)
    {
        await foreach (var row in reader.ReadAsync("totals", StateSerializer.String, s_total, token))
        {
            yield return $"{row.Key}={row.Value}";
        }
    }

    private static async IAsyncEnumerable<(string Key, long Value)> Rows()
    {
        await Task.CompletedTask;
        for (var i = 0; i < 5; i++)
        {
            yield return ($"key-{i}", i);
        }
    }
}
