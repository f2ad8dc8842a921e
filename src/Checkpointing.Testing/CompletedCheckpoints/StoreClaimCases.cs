using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>Claims that are cut off between the two registers, and processes that are replaced in the middle of one:
/// what a job hands over is in one list in the end, its own or the claimant's.</summary>
internal static class StoreClaimCases
{
    private const string Claimed = "other";

    private enum Meanwhile
    {
        Nothing,
        ClaimedJobStarts,
        ClaimedJobGoesOn,
    }

    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> All { get; } =
    [
        new("a claim that arrives when the next process has given it up is refused",
            (setup, token) => RefusesLateAsync(setup, Meanwhile.Nothing, token)),
        new("a claim that was given up is refused by the claimed job's next process, too",
            (setup, token) => RefusesLateAsync(setup, Meanwhile.ClaimedJobStarts, token)),
        new("a claim that was given up is refused by a claimed job that goes on, too",
            (setup, token) => RefusesLateAsync(setup, Meanwhile.ClaimedJobGoesOn, token)),
        new("a claim that a crash cut off is finished, and takes over the lineage", FinishesWithLineageAsync),
        new("a claim that a crash cut off does not bring back an earlier one", BringsBackNothingAsync),
        new("what a job has handed over is not lost to a second claimant", RefusesSecondAsync),
        new("a job whose claim failed does not start before that is settled", StartsOnlySettledAsync),
    ];

    private static async Task RefusesLateAsync(
        CompletedCheckpointStoreSetup setup, Meanwhile what, CancellationToken cancellationToken)
    {
        var other = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using var otherScope = other.ConfigureAwait(false);
        var foreign = await TakeAsync(other).ConfigureAwait(false);

        async Task ReplaceProcessAsync()
        {
            await StartAndCrashAsync(setup, null, cancellationToken).ConfigureAwait(false);
            switch (what)
            {
                case Meanwhile.ClaimedJobStarts:
                    var next = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
                    await using (next.ConfigureAwait(false))
                    {
                        await next.StartAsync().ConfigureAwait(false);
                    }

                    break;
                case Meanwhile.ClaimedJobGoesOn:
                    foreign.Add((await other.CheckpointAsync().ConfigureAwait(false)).Path);
                    break;
            }
        }

        var register = new FaultyRegister(setup.Register)
        {
            Only = Claimed, Next = FaultyRegister.Fault.HoldUp, Meanwhile = ReplaceProcessAsync,
        };
        var old = Job(register, setup, cancellationToken);
        await using (old.ConfigureAwait(false))
        {
            await Expect.ThrowsAsync<CoordinatorFencedException>(
                () => old.StartAsync(foreign[1], ClaimMode.Claim), "A claim of a process that was replaced")
                .ConfigureAwait(false);
        }

        Expect.That(register.HasFailed, "The claim was held up.");
        var again = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using (again.ConfigureAwait(false))
        {
            Expect.Equal(
                foreign[^1], (await again.StartAsync().ConfigureAwait(false))?.Checkpoint.Path,
                "What the job goes on from that was not claimed");
            await again.EndAsync().ConfigureAwait(false);
        }

        // The fence is against older processes alone.
        await StartAndCrashAsync(setup, foreign[^1], cancellationToken).ConfigureAwait(false);
        await StartAndCrashAsync(setup, null, cancellationToken, foreign[^1]).ConfigureAwait(false);
    }

    private static async Task FinishesWithLineageAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var other = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using var otherScope = other.ConfigureAwait(false);
        var foreign = await TakeAsync(other).ConfigureAwait(false);
        await ClaimAndCrashAsync(setup, FaultyRegister.Fault.GoSilent, foreign[1], cancellationToken)
            .ConfigureAwait(false);

        var job = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var jobScope = job.ConfigureAwait(false);
        var restored = await job.StartAsync().ConfigureAwait(false);
        Expect.Equal(foreign[1], restored?.Checkpoint.Path, "The checkpoint that the job goes on from");
        var lineage = restored!.Checkpoint.Metadata.Info!.LineageId;
        Expect.Equal(lineage, job.Coordinator.LineageId, "The lineage that the job goes on with");
        var next = await job.Write("next").CheckpointAsync().ConfigureAwait(false);
        Expect.Equal(lineage, next.Metadata.Info!.LineageId, "The lineage of the next checkpoint");
    }

    private static async Task BringsBackNothingAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var other = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using (other.ConfigureAwait(false))
        {
            await TakeAsync(other).ConfigureAwait(false);
        }

        // What it claimed first has been pushed out since.
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            await job.StartAsync(other.Coordinator.LatestCompleted!.Path, ClaimMode.Claim).ConfigureAwait(false);
            await job.Write("own").CheckpointAsync().ConfigureAwait(false);
            await job.EndAsync().ConfigureAwait(false);
        }

        var again = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using var againScope = again.ConfigureAwait(false);
        var foreign = await TakeAsync(again).ConfigureAwait(false);
        await ClaimAndCrashAsync(setup, FaultyRegister.Fault.Refuse, foreign[1], cancellationToken)
            .ConfigureAwait(false);

        // Neither: its own was left, the other's is not claimed.
        await StartAndCrashAsync(setup, null, cancellationToken).ConfigureAwait(false);
        await StartAndCrashAsync(setup, foreign[1], cancellationToken).ConfigureAwait(false);
    }

    private static async Task RefusesSecondAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var other = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using (other.ConfigureAwait(false))
        {
            await TakeAsync(other).ConfigureAwait(false);
        }

        var first = other.Coordinator.Retained[1].Path;
        await ClaimAndCrashAsync(setup, FaultyRegister.Fault.GoSilent, first, cancellationToken).ConfigureAwait(false);
        var again = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using var againScope = again.ConfigureAwait(false);
        var later = await TakeAsync(again).ConfigureAwait(false);

        var second = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: "second");
        await using var secondScope = second.ConfigureAwait(false);
        var refused = await Expect.ThrowsAsync<CheckpointClaimedException>(
            () => second.StartAsync(later[1], ClaimMode.Claim), "A claim while another is under way")
            .ConfigureAwait(false);
        Expect.That(refused is { IsUnderWay: true, Owner: "job" }, $"It says what to do: {refused.Message}");

        await StartAndCrashAsync(setup, null, cancellationToken, first).ConfigureAwait(false);
        Expect.Equal(
            later[1], (await second.StartAsync(later[1], ClaimMode.Claim).ConfigureAwait(false))?.Checkpoint.Path,
            "What the second claims when the first has taken up its own");
        await StartAndCrashAsync(setup, null, cancellationToken, first).ConfigureAwait(false);
    }

    private static async Task StartsOnlySettledAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var other = StoreTestJob.Of(setup, cancellationToken, retained: 3, name: Claimed);
        await using var otherScope = other.ConfigureAwait(false);
        var foreign = await TakeAsync(other).ConfigureAwait(false);

        // Its epoch and what it is about to claim are written, what it has claimed is not.
        var register = new FaultyRegister(setup.Register)
        {
            Only = "job", Next = FaultyRegister.Fault.Refuse, Before = 2,
        };
        var job = Job(register, setup, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        await Expect.ThrowsAsync<CheckpointStorageUnavailableException>(
            () => job.StartAsync(foreign[1], ClaimMode.Claim), "A claim that cannot be written").ConfigureAwait(false);
        await Expect.ThrowsAsync<InvalidOperationException>(
            () =>
            {
                job.Coordinator.Start();
                return Task.CompletedTask;
            },
            "A start in spite of that").ConfigureAwait(false);

        register.Next = FaultyRegister.Fault.None;
        var restored = await job.Coordinator.ResumeAsync(
            foreign[1], new() { ClaimMode = ClaimMode.Claim }, cancellationToken).ConfigureAwait(false);
        Expect.Equal(foreign[1], restored.Checkpoint.Path, "What the second try claims");
        await job.EndAsync(JobTermination.Failed).ConfigureAwait(false);
        await StartAndCrashAsync(setup, null, cancellationToken, foreign[1]).ConfigureAwait(false);
    }

    /// <summary>A process that begins anew by claiming, and dies when it replaces the claimed job's record.</summary>
    private static async Task ClaimAndCrashAsync(
        CompletedCheckpointStoreSetup setup, FaultyRegister.Fault fault, string path,
        CancellationToken cancellationToken)
    {
        var register = new FaultyRegister(setup.Register) { Only = Claimed, Next = fault };
        var job = Job(register, setup, cancellationToken);
        await using var jobScope = job.ConfigureAwait(false);
        var claim = async () =>
        {
            await job.StartAsync(path, ClaimMode.Claim, startsOver: true).ConfigureAwait(false);
        };
        if (fault == FaultyRegister.Fault.Refuse)
        {
            await Expect.ThrowsAsync<CheckpointStorageUnavailableException>(claim, "A claim that is refused")
                .ConfigureAwait(false);
        }
        else
        {
            await Expect.ThrowsAsync<CheckpointOutcomeUnknownException>(claim, "A claim without an answer")
                .ConfigureAwait(false);
        }
    }

    private static async Task StartAndCrashAsync(
        CompletedCheckpointStoreSetup setup, string? claims, CancellationToken cancellationToken,
        string? expected = null)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, retained: 3);
        await using var jobScope = job.ConfigureAwait(false);
        var restored = await job.StartAsync(claims, ClaimMode.Claim).ConfigureAwait(false);
        Expect.Equal(claims ?? expected, restored?.Checkpoint.Path, "The checkpoint that the job goes on from");
    }

    /// <returns>Paths of its checkpoints, three or more.</returns>
    private static async Task<List<string>> TakeAsync(StoreTestJob job)
    {
        await job.StartAsync().ConfigureAwait(false);
        for (var i = 0; i < 3; i++)
        {
            await job.Write($"{i}").CheckpointAsync().ConfigureAwait(false);
        }

        return [.. job.Coordinator.Retained.Select(static one => one.Path)];
    }

    private static StoreTestJob Job(
        ICheckpointRegister register, CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken) =>
        new(register, setup.Storage, "job", new() { MaxRetainedCheckpoints = 3 }, cancellationToken);
}
