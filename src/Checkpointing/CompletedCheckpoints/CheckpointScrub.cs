using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Reads the files of retained checkpoints again and again, at a limited rate, and compares them with what was
/// stored: so damage is known before the day of a restore. Deletes and changes nothing.</summary>
/// <remarks>
/// <para>Bytes are read as the storage gives them: a local one may answer from the system's cache what the disk has
/// lost. One caller at a time.</para>
/// <para>What to do about a problem: take a full checkpoint (<see cref="CheckpointKind.FullCheckpoint"/>), which
/// refers to no stored file, while the job that has the state still runs. On one volume a stored file may be the very
/// file that the database works with: then start the job again, verifying in full, from a checkpoint that is not
/// concerned.</para>
/// </remarks>
/// <param name="storage">The storage. Borrowed.</param>
/// <param name="retained">Gives the checkpoints to look after at that moment, for example those of a coordinator:
/// <c>() => coordinator.Retained</c>. A file that none of them names any more is no problem.</param>
/// <param name="limit">How fast it reads; may be shared with transfers.</param>
public sealed class CheckpointScrub(
    ICheckpointStorage storage, Func<IReadOnlyList<CompletedCheckpoint>> retained, ByteRateLimit limit)
{
    private const int BlockSize = 64 * 1024;

    private string _last = "";

    /// <summary>Reads every file once, beginning after the one that was read last, also by a cancelled
    /// pass.</summary>
    /// <param name="onProblem">Called for each problem at once; null: not at all.</param>
    /// <param name="cancellationToken">Ends the pass; the next one goes on with the file that was being read.</param>
    /// <returns>What was read and found.</returns>
    public async Task<ScrubReport> RunPassAsync(
        Action<ScrubProblem>? onProblem = null, CancellationToken cancellationToken = default)
    {
        var report = new ScrubReport(0, 0, 0, []);
        var files = FilesOf(retained());
        var after = files.Where(file => string.CompareOrdinal(file.Path, _last) > 0);
        foreach (var file in after.Concat(files.Except(after)).ToList())
        {
            var (bytes, problem) = await ReadAsync(file, cancellationToken).ConfigureAwait(false);
            _last = file.Path;
            if (problem is null)
            {
                report = report with { Files = report.Files + 1, Bytes = report.Bytes + bytes };
                continue;
            }

            // Its checkpoints may have been subsumed meanwhile; then it was rightly deleted, or soon will be.
            var ids = retained().Where(checkpoint => FilesOf([checkpoint]).Any(other => other.Path == file.Path))
                .Select(static checkpoint => checkpoint.Id).ToList();
            if (ids.Count == 0)
            {
                report = report with { Vanished = report.Vanished + 1 };
                continue;
            }

            problem = problem with { Checkpoints = ids };
            report = report with
            {
                Files = report.Files + 1, Bytes = report.Bytes + bytes, Problems = [.. report.Problems, problem],
            };
            onProblem?.Invoke(problem);
        }

        return report;
    }

    // Each file once, however many checkpoints share it, in the order of their paths.
    private static List<ScrubbedFile> FilesOf(IEnumerable<CompletedCheckpoint> checkpoints) =>
    [
        .. checkpoints
            .SelectMany(static checkpoint => CheckpointReference.StreamsOf(checkpoint)
                .Select(static one => one.Stream).OfType<FileStateHandle>()
                .Select(static file => new ScrubbedFile(file.Path, file.FileSizeBytes, file.Digest, IsMetadata: false))
                .Append(new(checkpoint.MetadataPath, -1, null, IsMetadata: true)))
            .DistinctBy(static file => file.Path, StringComparer.Ordinal)
            .OrderBy(static file => file.Path, StringComparer.Ordinal),
    ];

    private async ValueTask<(long Bytes, ScrubProblem? Problem)> ReadAsync(
        ScrubbedFile file, CancellationToken cancellationToken)
    {
        var length = 0L;
        try
        {
            var hash = new XxHash128();
            var stream = await storage.OpenReadAsync(file.Path, 0, cancellationToken).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
                try
                {
                    while (await stream.ReadAsync(buffer.AsMemory(0, BlockSize), cancellationToken)
                        .ConfigureAwait(false) is var read and > 0)
                    {
                        hash.Append(buffer.AsSpan(0, read));
                        length += read;
                        await limit.TakeAsync(read, cancellationToken).ConfigureAwait(false);
                    }
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }

            if (file.IsMetadata)
            {
                // It has a digest of its own at its end.
                await CheckpointLoader.LoadAsync(storage, file.Path, cancellationToken).ConfigureAwait(false);
                return (length, null);
            }

            return (length, Compare(file, length, ContentDigest.Of(hash)));
        }
        catch (Exception e) when (e is StoredFileMissingException or CheckpointNotFoundException)
        {
            return (length, new(file.Path, ScrubProblemKind.Missing, [], "it does not exist"));
        }
        catch (CheckpointCorruptException e)
        {
            return (length, new(file.Path, ScrubProblemKind.WrongContent, [], e.Message));
        }
        catch (CheckpointingException e)
        {
            return (length, new(file.Path, ScrubProblemKind.Unreadable, [], e.Message));
        }
    }

    private static ScrubProblem? Compare(ScrubbedFile file, long length, ContentDigest digest)
    {
        if (length != file.LengthBytes)
        {
            return new(file.Path, ScrubProblemKind.WrongLength, [], string.Create(
                CultureInfo.InvariantCulture, $"it has {length} bytes and should have {file.LengthBytes}"));
        }

        return file.Digest is { } expected && digest != expected
            ? new(file.Path, ScrubProblemKind.WrongContent, [], $"its digest is {digest} and should be {expected}")
            : null;
    }

    private sealed record ScrubbedFile(string Path, long LengthBytes, ContentDigest? Digest, bool IsMetadata);
}

/// <summary>What a pass of a <see cref="CheckpointScrub"/> read and found.</summary>
/// <param name="Files">Files that were read, or should have been there.</param>
/// <param name="Bytes">Bytes that were read.</param>
/// <param name="Vanished">Files that went during the pass, with the last checkpoint that named them.</param>
/// <param name="Problems">Files that are not as they were stored.</param>
public sealed record ScrubReport(int Files, long Bytes, int Vanished, IReadOnlyList<ScrubProblem> Problems);

/// <summary>A stored file that is not as it was stored.</summary>
/// <param name="Path">The file.</param>
/// <param name="Kind">What is wrong.</param>
/// <param name="Checkpoints">Retained checkpoints that need it, oldest first.</param>
/// <param name="Detail">What was found, and what should be there.</param>
public sealed record ScrubProblem(
    string Path, ScrubProblemKind Kind, IReadOnlyList<CheckpointId> Checkpoints, string Detail);

/// <summary>What is wrong with a stored file.</summary>
public enum ScrubProblemKind
{
    /// <summary>It is not there.</summary>
    Missing = 0,

    /// <summary>It is shorter or longer than it was.</summary>
    WrongLength = 1,

    /// <summary>Bytes have changed.</summary>
    WrongContent = 2,

    /// <summary>The storage could not read it; the next pass may.</summary>
    Unreadable = 3,
}
