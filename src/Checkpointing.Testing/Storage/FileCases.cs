using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>Cases about one file at a time.</summary>
internal static class FileCases
{
    public static async Task ReadsWhatWasWrittenAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var content = TestFiles.Content(300_007, seed: 1);
        ContentDigest digest;
        var writer = await storage.CreateAsync("job/chk-1/a file", cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            // Blocks of growing length, so that some are below and some above any buffer.
            for (int start = 0, length = 1; start < content.Length; start += length, length = (length * 3) + 1)
            {
                var block = content.AsMemory(start, Math.Min(length, content.Length - start));
                await writer.WriteAsync(block, cancellationToken).ConfigureAwait(false);
                Expect.Equal(start + block.Length, writer.LengthBytes, "LengthBytes of the writer");
            }

            digest = await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        Expect.Equal(ContentDigest.Of(content), digest, "Digest of what was written");
        await storage.SyncFoldersAsync(["job/chk-1"], cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "job/chk-1/a file", content, cancellationToken)
            .ConfigureAwait(false);
        await foreach (var file in storage.ListAsync("job", cancellationToken).ConfigureAwait(false))
        {
            Expect.Equal("job/chk-1/a file", file.Path, "Listed path");
            Expect.Equal(content.Length, file.LengthBytes, "Listed length");
        }
    }

    public static async Task KeepsEmptyFileAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await storage.WriteAllAsync("empty", ReadOnlyMemory<byte>.Empty, cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "empty", [], cancellationToken).ConfigureAwait(false);
    }

    public static async Task IsInvisibleBeforeCommitAsync(
        ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var writer = await storage.CreateAsync("a/b/c", cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await TestFiles.ExpectAbsentAsync(storage, "a/b/c", cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(TestFiles.Content(200_000, seed: 2), cancellationToken).ConfigureAwait(false);
            await TestFiles.ExpectAbsentAsync(storage, "a/b/c", cancellationToken).ConfigureAwait(false);
            Expect.Equal(
                0,
                (await TestFiles.ListAsync(storage, "", cancellationToken).ConfigureAwait(false)).Count,
                "Number of listed files while one is written");
            await writer.CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        await TestFiles.ExpectContentAsync(storage, "a/b/c", TestFiles.Content(200_000, seed: 2), cancellationToken)
            .ConfigureAwait(false);
    }

    public static async Task AbandonLeavesNothingAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var writer = await storage.CreateAsync("a/b", cancellationToken).ConfigureAwait(false);
        await writer.WriteAsync(TestFiles.Content(100_000, seed: 3), cancellationToken).ConfigureAwait(false);
        await writer.DisposeAsync().ConfigureAwait(false);
        await writer.DisposeAsync().ConfigureAwait(false);

        await TestFiles.ExpectAbsentAsync(storage, "a/b", cancellationToken).ConfigureAwait(false);
        await storage.WriteAllAsync("a/b", TestFiles.Content(10, seed: 4), cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "a/b", TestFiles.Content(10, seed: 4), cancellationToken)
            .ConfigureAwait(false);
    }

    public static async Task RefusesToReplaceAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var content = TestFiles.Content(50, seed: 5);
        await storage.WriteAllAsync("a", content, cancellationToken).ConfigureAwait(false);

        var error = await Expect.ThrowsAsync<StoredFileExistsException>(
            async () => await storage.WriteAllAsync("a", TestFiles.Content(60, seed: 6), cancellationToken)
                .ConfigureAwait(false),
            "Creating a file that exists").ConfigureAwait(false);

        Expect.Equal("a", error.Path, "Path in the exception");
        await TestFiles.ExpectContentAsync(storage, "a", content, cancellationToken).ConfigureAwait(false);
        var files = await TestFiles.ListAsync(storage, "", cancellationToken).ConfigureAwait(false);
        Expect.Equal(1, files.Count, "Number of files");
    }

    public static async Task CancelledCommitIsInvisibleAsync(
        ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var writer = await storage.CreateAsync("a", cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(TestFiles.Content(50, seed: 7), cancellationToken).ConfigureAwait(false);
            await Expect.ThrowsAsync<OperationCanceledException>(
                async () => await writer.CommitAsync(new CancellationToken(canceled: true)).ConfigureAwait(false),
                "Committing with a cancelled token").ConfigureAwait(false);
        }

        await TestFiles.ExpectAbsentAsync(storage, "a", cancellationToken).ConfigureAwait(false);
    }

    public static async Task ReadsFromOffsetAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var content = TestFiles.Content(150_000, seed: 8);
        await storage.WriteAllAsync("a", content, cancellationToken).ConfigureAwait(false);

        foreach (var offset in new[] { 0, 1, 4_095, 65_536, content.Length - 1, content.Length })
        {
            var stream = await storage.OpenReadAsync("a", offset, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                using var rest = new MemoryStream();
                await stream.CopyToAsync(rest, cancellationToken).ConfigureAwait(false);
                Expect.SameBytes(content.AsSpan(offset), rest.ToArray(), $"Content from offset {offset}");
            }
        }
    }

    public static async Task ReportsMissingFileAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await TestFiles.ExpectAbsentAsync(storage, "nothing/here", cancellationToken).ConfigureAwait(false);
        await storage.WriteAllAsync("folder/file", TestFiles.Content(1, seed: 9), cancellationToken)
            .ConfigureAwait(false);

        await TestFiles.ExpectAbsentAsync(storage, "folder/other", cancellationToken).ConfigureAwait(false);

        // A folder is no file.
        await TestFiles.ExpectAbsentAsync(storage, "folder", cancellationToken).ConfigureAwait(false);
    }

    public static async Task DeletesIdempotentlyAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await storage.DeleteAsync("a/b/c", cancellationToken).ConfigureAwait(false);
        await storage.WriteAllAsync("a/b/c", TestFiles.Content(20, seed: 10), cancellationToken).ConfigureAwait(false);
        await storage.WriteAllAsync("a/b/d", TestFiles.Content(30, seed: 11), cancellationToken).ConfigureAwait(false);

        await storage.DeleteAsync("a/b/c", cancellationToken).ConfigureAwait(false);
        await storage.DeleteAsync("a/b/c", cancellationToken).ConfigureAwait(false);
        await storage.DeleteAsync("a/b", cancellationToken).ConfigureAwait(false);

        await TestFiles.ExpectAbsentAsync(storage, "a/b/c", cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "a/b/d", TestFiles.Content(30, seed: 11), cancellationToken)
            .ConfigureAwait(false);
    }

    public static async Task RefusesBadPathsAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        foreach (var path in new[] { "", "/a", "a/", "a//b", "..", "../a", "a/../b", "./a", "a\\b", "a\nb" })
        {
            await RefusesAsync(path, async () =>
            {
                var writer = await storage.CreateAsync(path, cancellationToken).ConfigureAwait(false);
                await writer.DisposeAsync().ConfigureAwait(false);
            }).ConfigureAwait(false);
            await RefusesAsync(path, async () =>
            {
                var stream = await storage.OpenReadAsync(path, 0, cancellationToken).ConfigureAwait(false);
                await stream.DisposeAsync().ConfigureAwait(false);
            }).ConfigureAwait(false);
            await RefusesAsync(path, async () => await storage.GetLengthAsync(path, cancellationToken)
                .ConfigureAwait(false))
                .ConfigureAwait(false);
            await RefusesAsync(path, async () => await storage.DeleteAsync(path, cancellationToken)
                .ConfigureAwait(false))
                .ConfigureAwait(false);
            await RefusesAsync(path, async () => await storage.CopyAsync("a", path, cancellationToken)
                .ConfigureAwait(false))
                .ConfigureAwait(false);
        }
    }

    private static async Task RefusesAsync(string path, Func<Task> action) =>
        await Expect.ThrowsAsync<ArgumentException>(action, $"The path '{path}' must be refused").ConfigureAwait(false);
}
