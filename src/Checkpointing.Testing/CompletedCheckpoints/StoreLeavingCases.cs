using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Storage;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>Checkpoints that left a list, or went to another job with a claim, and that somebody still reads
/// from.</summary>
internal static class StoreLeavingCases
{
    public static IReadOnlyList<ConformanceCase<CompletedCheckpointStoreSetup>> All { get; } =
    [
        new("a claimed checkpoint that another job reads from stays through restarts of its claimant",
            (setup, token) => KeepsClaimedAsync(setup, isClaimedFirst: true, token)),
        new("what a job was letting go when it was claimed stays until its reader lets go",
            (setup, token) => KeepsClaimedAsync(setup, isClaimedFirst: false, token)),
        new("a claimed job that starts again takes nothing from its claimant", LeavesClaimedAloneAsync),
        new("a job that was claimed twice takes nothing from the first claimant", KeepsForFirstClaimantAsync),
        new("a pinned checkpoint that lost its metadata keeps its files", KeepsWithoutMetadataAsync),
        new("a pin that came too late keeps nothing", LatePinKeepsNothingAsync),
        new("a pin that was let go of and came back does not stay in a claimed job's folder",
            RemovesFromClaimedFolderAsync),
        new("recovery in the same process goes on letting go", LetsGoAfterRecoveryAsync),
    ];

    private static async Task KeepsClaimedAsync(
        CompletedCheckpointStoreSetup setup, bool isClaimedFirst, CancellationToken cancellationToken)
    {
        var first = await TakeAsync(setup, "old", cancellationToken).ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(first.Path).ConfigureAwait(false);
        var resumeFrom = first.Path;
        if (!isClaimedFirst)
        {
            var old = StoreTestJob.Of(setup, cancellationToken, name: "old");
            await using var oldScope = old.ConfigureAwait(false);
            await old.StartAsync().ConfigureAwait(false);
            resumeFrom = (await old.Write("b").CheckpointAsync().ConfigureAwait(false)).Path;
            await old.EndAsync().ConfigureAwait(false);
        }

        // Each process drops what it was claimed with; in the folder of the claimed job nobody of theirs sweeps.
        for (var process = 0; process < 3; process++)
        {
            var job = StoreTestJob.Of(setup, cancellationToken);
            await using var jobScope = job.ConfigureAwait(false);
            await job.StartAsync(resumeFrom, ClaimMode.Claim).ConfigureAwait(false);
            await job.Write("b").Drop("a").CheckpointAsync().ConfigureAwait(false);
            await job.Write("c").CheckpointAsync().ConfigureAwait(false);
            await job.EndAsync().ConfigureAwait(false);
            await job.ExpectFilesAsync(first).ConfigureAwait(false);
        }

        var own = await reader.CheckpointAsync().ConfigureAwait(false);
        var last = StoreTestJob.Of(setup, cancellationToken);
        await using var lastScope = last.ConfigureAwait(false);
        await last.StartAsync().ConfigureAwait(false);
        await last.CheckpointAsync().ConfigureAwait(false);
        await last.EndAsync().ConfigureAwait(false);
        await reader.ExpectFilesAsync(own).ConfigureAwait(false);
        var there = await StoreTestJob.FilesBelowAsync(setup.Storage, "old", cancellationToken).ConfigureAwait(false);
        Expect.That(
            !there.Contains(first.MetadataPath) && !there.Any(file => file.StartsWith("old/shared/",
                StringComparison.Ordinal)),
            $"The reader let go, and yet this stayed: {string.Join(", ", there)}");
    }

    private static async Task LeavesClaimedAloneAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var claimed = await TakeAsync(setup, "old", cancellationToken).ConfigureAwait(false);
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            await job.StartAsync(claimed.Path, ClaimMode.Claim).ConfigureAwait(false);
        }

        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(claimed.Path).ConfigureAwait(false);
        var old = StoreTestJob.Of(setup, cancellationToken, name: "old");
        await using var oldScope = old.ConfigureAwait(false);
        Expect.That(await old.StartAsync().ConfigureAwait(false) is null, "A claimed job begins anew.");
        await old.Write("x").CheckpointAsync().ConfigureAwait(false);

        // The pin in the claimed checkpoint goes, and with it what kept the old job from letting it go as its own.
        await reader.CheckpointAsync().ConfigureAwait(false);
        await reader.EndAsync().ConfigureAwait(false);
        for (var i = 0; i < 2; i++)
        {
            await old.CheckpointAsync().ConfigureAwait(false);
        }

        await old.EndAsync().ConfigureAwait(false);
        await old.ExpectFilesAsync(claimed).ConfigureAwait(false);
        var again = StoreTestJob.Of(setup, cancellationToken);
        await using var againScope = again.ConfigureAwait(false);
        Expect.Equal(
            claimed.Path, (await again.StartAsync().ConfigureAwait(false))?.Checkpoint.Path, "What the claimant has");
    }

    private static async Task KeepsForFirstClaimantAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var first = await TakeAsync(setup, "old", cancellationToken).ConfigureAwait(false);
        await ClaimAsync(setup, "one", first, cancellationToken).ConfigureAwait(false);
        var second = await TakeAsync(setup, "old", cancellationToken).ConfigureAwait(false);
        await ClaimAsync(setup, "two", second, cancellationToken).ConfigureAwait(false);

        // Its sweep goes over files of both.
        var old = StoreTestJob.Of(setup, cancellationToken, name: "old");
        await using var oldScope = old.ConfigureAwait(false);
        Expect.That(await old.StartAsync().ConfigureAwait(false) is null, "A claimed job begins anew.");
        await old.ExpectFilesAsync(first).ConfigureAwait(false);
        await old.ExpectFilesAsync(second).ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        Expect.Equal(
            first.Path, (await reader.StartAsync(first.Path).ConfigureAwait(false))?.Checkpoint.Path,
            "What the first claimant lists can be read from");
    }

    private static async Task KeepsWithoutMetadataAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var pinned = await TakeAsync(setup, "owner", cancellationToken).ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(pinned.Path).ConfigureAwait(false);
        var owner = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using (owner.ConfigureAwait(false))
        {
            await owner.StartAsync().ConfigureAwait(false);
            await owner.Write("b").Drop("a").CheckpointAsync().ConfigureAwait(false);
        }

        await setup.Storage.DeleteAsync(pinned.MetadataPath, cancellationToken).ConfigureAwait(false);
        var before = await StoreTestJob.FilesBelowAsync(setup.Storage, "owner", cancellationToken)
            .ConfigureAwait(false);
        var again = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using (again.ConfigureAwait(false))
        {
            await again.StartAsync().ConfigureAwait(false);
            await again.Write("c").CheckpointAsync().ConfigureAwait(false);
            await again.EndAsync().ConfigureAwait(false);
            Expect.That(
                before.IsSubsetOf(await again.FilesAsync().ConfigureAwait(false)),
                "Who knows what the reader needs: nothing is deleted.");
        }

        // Its reader stands on its own: the rest is an orphan like any other.
        await reader.CheckpointAsync().ConfigureAwait(false);
        await reader.EndAsync().ConfigureAwait(false);
        var last = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using var lastScope = last.ConfigureAwait(false);
        await last.StartAsync().ConfigureAwait(false);
        await last.ExpectExactlyAsync(last.Coordinator.Retained).ConfigureAwait(false);
    }

    private static async Task LatePinKeepsNothingAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var dropped = await TakeAsync(setup, "owner", cancellationToken).ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(dropped.Path).ConfigureAwait(false);
        var pin = (await StoreTestJob.FilesBelowAsync(setup.Storage, $"{dropped.Path}/pins", cancellationToken)
            .ConfigureAwait(false)).Single();
        var content = await setup.Storage.ReadAllAsync(pin, 1000, cancellationToken).ConfigureAwait(false);
        await setup.Storage.DeleteAsync(pin, cancellationToken).ConfigureAwait(false);
        var owner = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using (owner.ConfigureAwait(false))
        {
            await owner.StartAsync().ConfigureAwait(false);
            await owner.Write("b").Drop("a").CheckpointAsync().ConfigureAwait(false);
            await owner.CheckpointAsync().ConfigureAwait(false);
            await owner.EndAsync().ConfigureAwait(false);
        }

        // Written as if it had been under way meanwhile.
        await setup.Storage.WriteAllAsync(pin, content, cancellationToken).ConfigureAwait(false);
        var again = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using var againScope = again.ConfigureAwait(false);
        await again.StartAsync().ConfigureAwait(false);
        var last = await again.Write("c").Drop("b").CheckpointAsync().ConfigureAwait(false);
        await again.EndAsync().ConfigureAwait(false);
        var there = await again.FilesAsync().ConfigureAwait(false);
        there.Remove(pin);
        Expect.That(
            there.All(file => file.StartsWith(last.Path, StringComparison.Ordinal)
                || file.StartsWith("owner/shared/", StringComparison.Ordinal)),
            $"Only the last checkpoint's files stay: {string.Join(", ", there)}");
    }

    private static async Task RemovesFromClaimedFolderAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var claimed = await TakeAsync(setup, "old", cancellationToken).ConfigureAwait(false);
        await ClaimAsync(setup, "job", claimed, cancellationToken).ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(claimed.Path).ConfigureAwait(false);
        var pin = (await StoreTestJob.FilesBelowAsync(setup.Storage, $"{claimed.Path}/pins", cancellationToken)
            .ConfigureAwait(false)).Single();
        var content = await setup.Storage.ReadAllAsync(pin, 1000, cancellationToken).ConfigureAwait(false);
        await reader.CheckpointAsync().ConfigureAwait(false);
        await reader.EndAsync().ConfigureAwait(false);
        var job = StoreTestJob.Of(setup, cancellationToken);
        await using (job.ConfigureAwait(false))
        {
            await job.StartAsync().ConfigureAwait(false);
            await job.Write("b").Drop("a").CheckpointAsync().ConfigureAwait(false);
            await job.CheckpointAsync().ConfigureAwait(false);
            await job.EndAsync().ConfigureAwait(false);
        }

        // A power cut undoes a deletion that was not synced.
        await setup.Storage.WriteAllAsync(pin, content, cancellationToken).ConfigureAwait(false);
        await ClaimAsync(setup, "job", claimed, cancellationToken).ConfigureAwait(false);
        var there = await StoreTestJob.FilesBelowAsync(setup.Storage, "old", cancellationToken).ConfigureAwait(false);
        Expect.That(there.Count == 0, $"Nobody needs these: {string.Join(", ", there)}");
    }

    private static async Task LetsGoAfterRecoveryAsync(
        CompletedCheckpointStoreSetup setup, CancellationToken cancellationToken)
    {
        var owner = StoreTestJob.Of(setup, cancellationToken, name: "owner");
        await using var ownerScope = owner.ConfigureAwait(false);
        await owner.StartAsync().ConfigureAwait(false);
        var pinned = await owner.Write("a").CheckpointAsync().ConfigureAwait(false);
        var reader = StoreTestJob.Of(setup, cancellationToken, name: "reader");
        await using var readerScope = reader.ConfigureAwait(false);
        await reader.StartAsync(pinned.Path).ConfigureAwait(false);
        await owner.Write("b").Drop("a").CheckpointAsync().ConfigureAwait(false);

        // The reader needs it through two attempts and what they complete.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await owner.StartAsync().ConfigureAwait(false);
            await owner.Write("c").CheckpointAsync().ConfigureAwait(false);
            await owner.CheckpointAsync().ConfigureAwait(false);
            await owner.ExpectFilesAsync(pinned).ConfigureAwait(false);
        }

        await reader.CheckpointAsync().ConfigureAwait(false);
        await reader.EndAsync().ConfigureAwait(false);
        await owner.CheckpointAsync().ConfigureAwait(false);
        var last = await owner.CheckpointAsync().ConfigureAwait(false);
        await owner.EndAsync().ConfigureAwait(false);
        await owner.ExpectExactlyAsync([last]).ConfigureAwait(false);
    }

    private static async Task ClaimAsync(
        CompletedCheckpointStoreSetup setup, string name, CompletedCheckpoint checkpoint,
        CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, name: name);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync(checkpoint.Path, ClaimMode.Claim).ConfigureAwait(false);
    }

    private static async Task<CompletedCheckpoint> TakeAsync(
        CompletedCheckpointStoreSetup setup, string name, CancellationToken cancellationToken)
    {
        var job = StoreTestJob.Of(setup, cancellationToken, name: name);
        await using var jobScope = job.ConfigureAwait(false);
        await job.StartAsync().ConfigureAwait(false);
        var checkpoint = await job.Write("a").CheckpointAsync().ConfigureAwait(false);
        await job.EndAsync().ConfigureAwait(false);
        return checkpoint;
    }
}
