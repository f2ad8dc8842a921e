using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>Reads files, each once, and compares them with what metadata says of them.</summary>
/// <remarks>Several files at a time, and of each the next block is read while the last one is hashed: so the slower of
/// disk and hash decides how long it takes.</remarks>
internal sealed class FileVerification(ICheckpointStorage storage, VerifyOptions options)
{
    private const int BlockSize = 4 << 20;

    private readonly Dictionary<Expected, FileProblem?> _seen = [];
    private long _bytesRead;
    private int _filesRead;

    /// <summary>Files looked at.</summary>
    internal int Files => _seen.Keys.Select(static one => one.Path).Distinct().Count();

    /// <summary>Files read in full.</summary>
    internal int FilesRead => _filesRead;

    /// <summary>Bytes read.</summary>
    internal long BytesRead => _bytesRead;

    /// <summary>What is wrong with a file that was looked at; null if nothing is.</summary>
    internal FileProblem? ProblemOf(CheckpointFile file) => _seen[Expected.Of(file)];

    /// <summary>Looks at those of the files that were not yet.</summary>
    internal async Task RunAsync(
        IEnumerable<CheckpointFile> files, IProgress<(int Done, int Of)>? progress, CancellationToken cancellationToken)
    {
        var wanted = files.Select(Expected.Of).Where(one => !_seen.ContainsKey(one)).Distinct()
            .OrderBy(static one => one.Path, StringComparer.Ordinal).ToList();
        var sampled = ChooseSample(wanted);
        var problems = new FileProblem?[wanted.Count];
        var (next, done) = (-1, 0);

        async Task ReadInTurnAsync()
        {
            while (Interlocked.Increment(ref next) is var i && i < wanted.Count)
            {
                problems[i] = await LookAtAsync(wanted[i], sampled.Contains(wanted[i]), cancellationToken)
                    .ConfigureAwait(false);
                progress?.Report((Interlocked.Increment(ref done), wanted.Count));
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Math.Min(options.Parallelism, wanted.Count))
            .Select(_ => ReadInTurnAsync())).ConfigureAwait(false);
        for (var i = 0; i < wanted.Count; i++)
        {
            _seen.Add(wanted[i], problems[i]);
        }
    }

    private HashSet<Expected> ChooseSample(List<Expected> files)
    {
        var count = (int)Math.Ceiling(files.Count * options.Sample);
        return [.. files.OrderBy(file => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(file.Path), options.SampleSeed))
            .Take(count)];
    }

    private async Task<FileProblem?> LookAtAsync(Expected file, bool isRead, CancellationToken cancellationToken)
    {
        try
        {
            if (await storage.GetLengthAsync(file.Path, cancellationToken).ConfigureAwait(false) is not { } length)
            {
                return new(file.Path, ScrubProblemKind.Missing, "It does not exist.");
            }

            if (length != file.Bytes)
            {
                return WrongLength(file, length);
            }

            return !isRead || file.Digest is not { } digest ? null
                : await ReadAsync(file, digest, cancellationToken).ConfigureAwait(false);
        }
        catch (StoredFileMissingException)
        {
            return new(file.Path, ScrubProblemKind.Missing, "It does not exist.");
        }
        catch (ArgumentException e)
        {
            return new(file.Path, ScrubProblemKind.Missing, e.Message);
        }
        catch (CheckpointingException e)
        {
            return new(file.Path, ScrubProblemKind.Unreadable, e.Message);
        }
    }

    private async Task<FileProblem?> ReadAsync(
        Expected file, ContentDigest expected, CancellationToken cancellationToken)
    {
        var (length, actual) = await HashAsync(file.Path, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytesRead, length);
        Interlocked.Increment(ref _filesRead);
        return length != file.Bytes ? WrongLength(file, length)
            : actual == expected ? null
            : new(file.Path, ScrubProblemKind.WrongContent, $"Its digest is {actual} and should be {expected}.");
    }

    private async Task<(long Length, ContentDigest Digest)> HashAsync(string path, CancellationToken cancellationToken)
    {
        var hash = new XxHash128();
        var length = 0L;
        var (current, other) = (ArrayPool<byte>.Shared.Rent(BlockSize), ArrayPool<byte>.Shared.Rent(BlockSize));
        var stream = await storage.OpenReadAsync(path, 0, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var pending = stream.ReadAsync(current.AsMemory(0, BlockSize), cancellationToken).AsTask();
            try
            {
                while (await pending.ConfigureAwait(false) is var read and > 0)
                {
                    (current, other) = (other, current);
                    pending = stream.ReadAsync(current.AsMemory(0, BlockSize), cancellationToken).AsTask();
                    hash.Append(other.AsSpan(0, read));
                    length += read;
                    if (options.Limit is { } limit)
                    {
                        await limit.TakeAsync(read, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
            finally
            {
                // A block may still be on its way into the buffer.
                await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                ArrayPool<byte>.Shared.Return(current);
                ArrayPool<byte>.Shared.Return(other);
            }
        }

        return (length, ContentDigest.Of(hash));
    }

    private static FileProblem WrongLength(Expected file, long length) => new(
        file.Path, ScrubProblemKind.WrongLength, string.Create(
            CultureInfo.InvariantCulture, $"It has {length} bytes and should have {file.Bytes}."));

    private readonly record struct Expected(string Path, long Bytes, ContentDigest? Digest)
    {
        internal static Expected Of(CheckpointFile file) => new(file.Path, file.Bytes, file.Digest);
    }
}
