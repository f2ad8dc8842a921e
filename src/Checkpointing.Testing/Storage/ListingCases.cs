using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>Cases about folders.</summary>
internal static class ListingCases
{
    public static async Task KeepsToItsFolderAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        string[] paths = ["a/b/1", "a/b/c/2", "a/bc/3", "a/b-4", "a.5", "b/6"];
        foreach (var path in paths)
        {
            await storage.WriteAllAsync(path, TestFiles.Content(path.Length, seed: 1), cancellationToken)
                .ConfigureAwait(false);
        }

        await ExpectAsync("a/b", "a/b/1", "a/b/c/2").ConfigureAwait(false);
        await ExpectAsync("a", "a/b-4", "a/b/1", "a/b/c/2", "a/bc/3").ConfigureAwait(false);
        await ExpectAsync("a/bc", "a/bc/3").ConfigureAwait(false);
        await ExpectAsync("", "a.5", "a/b-4", "a/b/1", "a/b/c/2", "a/bc/3", "b/6").ConfigureAwait(false);
        await ExpectAsync("a/b/1").ConfigureAwait(false);

        async Task ExpectAsync(string folder, params string[] expected) => Expect.Equal(
            string.Join(", ", expected),
            string.Join(", ", await TestFiles.ListAsync(storage, folder, cancellationToken).ConfigureAwait(false)),
            $"Listing of '{folder}'");
    }

    public static async Task MissingFolderIsEmptyAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        foreach (var folder in new[] { "", "nothing", "nothing/here" })
        {
            Expect.Equal(
                0,
                (await TestFiles.ListAsync(storage, folder, cancellationToken).ConfigureAwait(false)).Count,
                $"Number of files in '{folder}'");
        }
    }

    public static async Task SyncsAnyFolderAsync(ICheckpointStorage storage, CancellationToken cancellationToken)
    {
        await storage.SyncFoldersAsync([], cancellationToken).ConfigureAwait(false);
        await storage.SyncFoldersAsync(["not/there", ""], cancellationToken).ConfigureAwait(false);
        await storage.WriteAllAsync("a/b/c", TestFiles.Content(1, seed: 1), cancellationToken).ConfigureAwait(false);
        await storage.SyncFoldersAsync(["a/b", "a", "", "a/b"], cancellationToken).ConfigureAwait(false);
        await TestFiles.ExpectContentAsync(storage, "a/b/c", TestFiles.Content(1, seed: 1), cancellationToken)
            .ConfigureAwait(false);
    }
}
