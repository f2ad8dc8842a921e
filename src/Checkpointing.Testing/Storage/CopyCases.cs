#pragma warning disable RS0030 // Transfers of local files are tested with local files, in a folder of their own.
using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>Cases about second places of a file.</summary>
internal static class CopyCases
{
    public static async Task CopyOutlivesSourceAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var content = TestFiles.Content(100_000, seed: 1);
        await storage.WriteAllAsync("a/source", content, cancellationToken).ConfigureAwait(false);

        var kind = await storage.CopyAsync("a/source", "b/c/target", cancellationToken).ConfigureAwait(false);
        Expect.That(Enum.IsDefined(kind), $"CopyAsync says how it was done; {kind} is no way.");
        await storage.SyncFoldersAsync(["b/c"], cancellationToken).ConfigureAwait(false);

        await TestFiles.ExpectContentAsync(storage, "a/source", content, cancellationToken).ConfigureAwait(false);
        await storage.DeleteAsync("a/source", cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectAbsentAsync(storage, "a/source", cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "b/c/target", content, cancellationToken).ConfigureAwait(false);
    }

    public static async Task RefusesBadCopiesAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        var (first, second) = (TestFiles.Content(10, seed: 2), TestFiles.Content(20, seed: 3));
        await storage.WriteAllAsync("first", first, cancellationToken).ConfigureAwait(false);
        await storage.WriteAllAsync("second", second, cancellationToken).ConfigureAwait(false);

        var exists = await Expect.ThrowsAsync<StoredFileExistsException>(
            async () => await storage.CopyAsync("first", "second", cancellationToken).ConfigureAwait(false),
            "Copying over a file").ConfigureAwait(false);
        var missing = await Expect.ThrowsAsync<StoredFileMissingException>(
            async () => await storage.CopyAsync("nothing", "third/file", cancellationToken).ConfigureAwait(false),
            "Copying a missing file").ConfigureAwait(false);

        Expect.Equal("second", exists.Path, "Path in the exception");
        Expect.Equal("nothing", missing.Path, "Path in the exception");
        await TestFiles.ExpectContentAsync(storage, "first", first, cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "second", second, cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectAbsentAsync(storage, "third/file", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Holds of itself for a storage without transfer of local files.</summary>
    public static async Task TransfersLocalFilesAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        if (storage.LocalFiles is not { } transfer)
        {
            return;
        }

        var folder = Directory.CreateTempSubdirectory("conformance-").FullName;
        try
        {
            var content = TestFiles.Content(100_000, seed: 4);
            var (local, fetched) = (Path.Combine(folder, "local"), Path.Combine(folder, "fetched"));
            await File.WriteAllBytesAsync(local, content, cancellationToken).ConfigureAwait(false);

            await transfer.StoreAsync(local, isSynced: false, "a/stored", cancellationToken).ConfigureAwait(false);
            await storage.SyncFoldersAsync(["a"], cancellationToken).ConfigureAwait(false);
            File.Delete(local);
            await TestFiles.ExpectContentAsync(storage, "a/stored", content, cancellationToken).ConfigureAwait(false);
            await transfer.FetchAsync("a/stored", fetched, cancellationToken).ConfigureAwait(false);
            await Expect.ThrowsAsync<StoredFileExistsException>(
                async () => await transfer.StoreAsync(fetched, false, "a/stored", cancellationToken)
                    .ConfigureAwait(false),
                "Storing over a file").ConfigureAwait(false);
            await Expect.ThrowsAsync<StoredFileMissingException>(
                async () => await transfer.FetchAsync("a/nothing", local, cancellationToken).ConfigureAwait(false),
                "Fetching a missing file").ConfigureAwait(false);
            await storage.DeleteAsync("a/stored", cancellationToken).ConfigureAwait(false);

            var found = await File.ReadAllBytesAsync(fetched, cancellationToken).ConfigureAwait(false);
            Expect.SameBytes(content, found, "Content of the fetched file");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
