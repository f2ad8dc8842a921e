using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>Cases about many callers at a time.</summary>
internal static class ConcurrencyCases
{
    private const int Callers = 8;

    public static async Task OneCreatorWinsAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        for (var round = 0; round < 25; round++)
        {
            var path = $"a/round-{round}";
            var winners = new List<int>();
            await Expect.InParallelAsync(Callers, async (caller, token) =>
            {
                try
                {
                    await storage.CreateAllAsync(path, TestFiles.Content(1_000 + caller, caller), token)
                        .ConfigureAwait(false);
                    lock (winners)
                    {
                        winners.Add(caller);
                    }
                }
                catch (StoredFileExistsException)
                {
                    // Lost, as all but one must.
                }
            }, cancellationToken).ConfigureAwait(false);

            Expect.Equal(1, winners.Count, $"Winners of round {round}");
            await TestFiles.ExpectContentAsync(
                storage, path, TestFiles.Content(1_000 + winners[0], winners[0]), cancellationToken)
                    .ConfigureAwait(false);
        }

        var files = await TestFiles.ListAsync(storage, "", cancellationToken).ConfigureAwait(false);
        Expect.Equal(25, files.Count, "Number of files");
    }

    public static async Task CreatesWhileOthersEmptyTheFolderAsync(
        ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await storage.WriteAllAsync("source", TestFiles.Content(10, seed: 1), cancellationToken).ConfigureAwait(false);
        await Expect.InParallelAsync(Callers, async (caller, token) =>
        {
            for (var i = 0; i < 50; i++)
            {
                var content = TestFiles.Content(10 + caller, seed: i);
                var (created, copied) = ($"x/y/z/{caller}-{i}", $"x/y/z/{caller}-{i}-copy");
                await storage.CreateAllAsync(created, content, token).ConfigureAwait(false);
                var found = await TestFiles.ReadAsync(storage, created, token).ConfigureAwait(false);
                Expect.SameBytes(content, found, created);
                await storage.DeleteAsync(created, token).ConfigureAwait(false);
                await storage.CopyAsync("source", copied, token).ConfigureAwait(false);
                await storage.DeleteAsync(copied, token).ConfigureAwait(false);
            }
        }, cancellationToken).ConfigureAwait(false);

        Expect.Equal(
            "source",
            string.Join(", ", await TestFiles.ListAsync(storage, "", cancellationToken).ConfigureAwait(false)),
            "What remains");
    }

    public static async Task ListsWhileFilesComeAndGoAsync(
        ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await storage.WriteAllAsync("a/keep/1", TestFiles.Content(10, seed: 1), cancellationToken)
            .ConfigureAwait(false);
        await storage.WriteAllAsync("a/keep/2", TestFiles.Content(20, seed: 2), cancellationToken)
            .ConfigureAwait(false);
        await Expect.InParallelAsync(4, async (caller, token) =>
        {
            for (var i = 0; i < 60; i++)
            {
                if (caller < 2)
                {
                    var path = $"a/go-{i}/{caller}";
                    await storage.CreateAllAsync(path, TestFiles.Content(5, seed: i), token).ConfigureAwait(false);
                    await storage.DeleteAsync(path, token).ConfigureAwait(false);
                    continue;
                }

                var listed = await TestFiles.ListAsync(storage, "a", token).ConfigureAwait(false);
                Expect.That(
                    listed.Contains("a/keep/1") && listed.Contains("a/keep/2"),
                    "A listing left out files that were there all the time.");
                Expect.Equal(listed.Distinct().Count(), listed.Count, "Number of listed files without repetition");
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    public static async Task SweepKeepsLivingWriterAsync(
        ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await storage.SweepTemporaryFilesAsync("", cancellationToken).ConfigureAwait(false);
        var content = TestFiles.Content(100_000, seed: 1);
        var writer = await storage.CreateAsync("a/b", cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(content, cancellationToken).ConfigureAwait(false);
            Expect.Equal(
                0,
                await storage.SweepTemporaryFilesAsync("", cancellationToken).ConfigureAwait(false),
                "Temporary files swept while their writer lives");
            await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        await storage.SweepTemporaryFilesAsync("a", cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "a/b", content, cancellationToken).ConfigureAwait(false);
    }
}
