using Checkpointing.Storage;

namespace Checkpointing.Testing.Storage;

/// <summary>What the cases of a storage share.</summary>
internal static class TestFiles
{
    /// <summary>Bytes that repeat nowhere soon and differ by seed.</summary>
    public static byte[] Content(int length, int seed)
    {
        var content = new byte[length];
        var state = (uint)seed * 2_654_435_761u;
        for (var i = 0; i < length; i++)
        {
            state = (state * 1_664_525u) + 1_013_904_223u;
            content[i] = (byte)(state >> 24);
        }

        return content;
    }

    public static ValueTask<byte[]> ReadAsync(
        ICheckpointStorage storage, string path, CancellationToken cancellationToken) =>
        storage.ReadAllAsync(path, int.MaxValue, cancellationToken);

    public static async Task ExpectContentAsync(
        ICheckpointStorage storage, string path, byte[] expected, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(storage, path, cancellationToken).ConfigureAwait(false);
        Expect.SameBytes(expected, found, $"Content of '{path}'");
        var length = await storage.GetLengthAsync(path, cancellationToken).ConfigureAwait(false);
        Expect.Equal(expected.Length, length, $"Length of '{path}'");
    }

    public static async Task ExpectAbsentAsync(
        ICheckpointStorage storage, string path, CancellationToken cancellationToken)
    {
        var length = await storage.GetLengthAsync(path, cancellationToken).ConfigureAwait(false);
        Expect.Equal(null, length, $"Length of absent '{path}'");
        var error = await Expect.ThrowsAsync<StoredFileMissingException>(
            async () => await ReadAsync(storage, path, cancellationToken).ConfigureAwait(false),
            $"Reading absent '{path}'").ConfigureAwait(false);
        Expect.Equal(path, error.Path, "Path in the exception");
        var listed = await ListAsync(storage, "", cancellationToken).ConfigureAwait(false);
        Expect.That(!listed.Contains(path), $"'{path}' is listed, but is not there.");
    }

    /// <summary>Paths in ordinal order.</summary>
    public static async Task<List<string>> ListAsync(
        ICheckpointStorage storage, string folder, CancellationToken cancellationToken)
    {
        var paths = new List<string>();
        await foreach (var file in storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            paths.Add(file.Path);
        }

        paths.Sort(StringComparer.Ordinal);
        return paths;
    }
}
