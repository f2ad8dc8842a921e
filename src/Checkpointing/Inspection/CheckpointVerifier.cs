using Checkpointing.CompletedCheckpoints;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Inspection;

/// <summary>How to verify.</summary>
public sealed class VerifyOptions
{
    /// <summary>Share of the files that is read and compared with its digest, above 0 and at most 1; existence and
    /// length are looked at for all. Default: 1.</summary>
    public double Sample { get; set; } = 1;

    /// <summary>Chooses the sample: another seed reads other files. Default: 0.</summary>
    public int SampleSeed { get; set; }

    /// <summary>Files read at a time, 1 to 64; each takes 8 MiB of memory. Default: 4.</summary>
    public int Parallelism { get; set; } = 4;

    /// <summary>Opens the state of every subtask and walks over all its rows, by this backend; null, the default: the
    /// files are compared only.</summary>
    public IKeyedStateBackendFactory? DeepBackend { get; set; }

    /// <summary>Limits how fast files are read; null, the default: not at all.</summary>
    public ByteRateLimit? Limit { get; set; }

    internal void Validate()
    {
        if (!(Sample > 0 && Sample <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Sample), Sample, "A sample is above 0 and at most 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(Parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Parallelism, 64);
    }
}

/// <summary>A file of a checkpoint that is not as it was stored.</summary>
/// <param name="File">The file.</param>
/// <param name="Problem">What is wrong.</param>
/// <param name="Detail">What was found, and what should be there.</param>
public sealed record FileProblem(string File, ScrubProblemKind Problem, string Detail);

/// <summary>What came of one checkpoint.</summary>
/// <param name="Checkpoint">Its folder.</param>
/// <param name="Problems">Its files that are not as they were stored; empty if it is intact as far as was
/// looked.</param>
/// <param name="NewestGood">The newest checkpoint of the same list without a problem; null if there is none, or the
/// checkpoint is on no list.</param>
public sealed record VerifiedCheckpoint(string Checkpoint, ValueList<FileProblem> Problems, string? NewestGood)
{
    /// <summary>Whether nothing was found.</summary>
    public bool IsOk => Problems.Count == 0;
}

/// <summary>What was verified.</summary>
/// <param name="Checkpoints">In the order given.</param>
/// <param name="Files">Number of files looked at, each once.</param>
/// <param name="FilesRead">Number of those read in full.</param>
/// <param name="BytesRead">Bytes read.</param>
public sealed record VerificationReport(
    IReadOnlyList<VerifiedCheckpoint> Checkpoints, int Files, int FilesRead, long BytesRead)
{
    /// <summary>Whether nothing was found.</summary>
    public bool IsOk => Checkpoints.All(static one => one.IsOk);
}

/// <summary>Compares stored checkpoints with what their metadata says: every file is there, has its length and its
/// digest; deep: its rows can be read. Changes nothing.</summary>
public static class CheckpointVerifier
{
    /// <summary>Verifies checkpoints of a census.</summary>
    /// <param name="storage">The storage. Borrowed.</param>
    /// <param name="census">What is stored.</param>
    /// <param name="checkpoints">Those to verify; of Flink's, whose files lie elsewhere, only the metadata is
    /// read.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told after each file how many are done, of how many; null: nobody.</param>
    /// <param name="cancellationToken">Observed between two blocks.</param>
    public static async Task<VerificationReport> VerifyAsync(
        ICheckpointStorage storage,
        StorageCensus census,
        IReadOnlyList<StoredCheckpoint> checkpoints,
        VerifyOptions? options = null,
        IProgress<(int Done, int Of)>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentNullException.ThrowIfNull(census);
        ArgumentNullException.ThrowIfNull(checkpoints);
        options ??= new();
        options.Validate();
        var reading = new FileVerification(storage, options);
        await reading.RunAsync(checkpoints.SelectMany(FilesToRead), progress, cancellationToken)
            .ConfigureAwait(false);
        var problems = new Dictionary<string, ValueList<FileProblem>>();
        foreach (var checkpoint in checkpoints)
        {
            problems[checkpoint.Path] = await FindProblemsAsync(
                storage, reading, checkpoint, options, cancellationToken).ConfigureAwait(false);
        }

        // One that is fine needs no substitute; one that is not gets the newest of its list, verified like it.
        var found = new List<VerifiedCheckpoint>();
        foreach (var checkpoint in checkpoints)
        {
            found.Add(new(checkpoint.Path, problems[checkpoint.Path], await FindNewestGoodAsync(
                storage, census, reading, checkpoint, problems, options, cancellationToken).ConfigureAwait(false)));
        }

        return new(found, reading.Files, reading.FilesRead, reading.BytesRead);
    }

    private static IEnumerable<CheckpointFile> FilesToRead(StoredCheckpoint checkpoint) =>
        checkpoint.Status == StoredCheckpointStatus.Flink
            ? []
            : checkpoint.Files.Where(static file => file.Scope != CheckpointFileScope.Metadata);

    private static async Task<ValueList<FileProblem>> FindProblemsAsync(
        ICheckpointStorage storage,
        FileVerification reading,
        StoredCheckpoint checkpoint,
        VerifyOptions options,
        CancellationToken cancellationToken)
    {
        if (await ReadMetadataAsync(storage, checkpoint, cancellationToken).ConfigureAwait(false) is { } damaged)
        {
            return [damaged];
        }

        var problems = FilesToRead(checkpoint).Select(reading.ProblemOf).OfType<FileProblem>().ToValueList();
        return problems.Count == 0 && options.DeepBackend is { } backend
            && checkpoint.Status != StoredCheckpointStatus.Flink
            ? await ReadRowsAsync(storage, checkpoint, backend, cancellationToken).ConfigureAwait(false)
            : problems;
    }

    /// <summary>The metadata once more, now: the census may be older.</summary>
    private static async Task<FileProblem?> ReadMetadataAsync(
        ICheckpointStorage storage, StoredCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        try
        {
            if (checkpoint.Problem is { } problem)
            {
                throw problem;
            }

            if (checkpoint.Status != StoredCheckpointStatus.Flink)
            {
                await CheckpointLoader.LoadAsync(storage, checkpoint.Path, cancellationToken).ConfigureAwait(false);
            }

            return null;
        }
        catch (Exception e) when (e is StoredFileMissingException or CheckpointNotFoundException)
        {
            return new(checkpoint.MetadataPath, ScrubProblemKind.Missing, e.Message);
        }
        catch (CheckpointStorageUnavailableException e)
        {
            return new(checkpoint.MetadataPath, ScrubProblemKind.Unreadable, e.Message);
        }
        catch (CheckpointingException e)
        {
            return new(checkpoint.MetadataPath, ScrubProblemKind.WrongContent, e.Message);
        }
    }

    private static async Task<ValueList<FileProblem>> ReadRowsAsync(
        ICheckpointStorage storage,
        StoredCheckpoint checkpoint,
        IKeyedStateBackendFactory backend,
        CancellationToken cancellationToken)
    {
        try
        {
            var reader = await CheckpointReader.OpenAsync(storage, checkpoint.Path, backend, cancellationToken)
                .ConfigureAwait(false);
            foreach (var state in reader.States)
            {
                await foreach (var row in reader.ReadRawAsync(state.Operator, state.Name, cancellationToken)
                    .ConfigureAwait(false))
                {
                    _ = row;
                }
            }

            return [];
        }
        catch (CheckpointStorageUnavailableException e)
        {
            return [new(checkpoint.Path, ScrubProblemKind.Unreadable, e.Message)];
        }
        catch (CheckpointingException e)
        {
            return [new(checkpoint.Path, ScrubProblemKind.WrongContent, e.Message)];
        }
    }

    private static async Task<string?> FindNewestGoodAsync(
        ICheckpointStorage storage,
        StorageCensus census,
        FileVerification reading,
        StoredCheckpoint checkpoint,
        Dictionary<string, ValueList<FileProblem>> problems,
        VerifyOptions options,
        CancellationToken cancellationToken)
    {
        if (checkpoint.ListedBy is not { } job)
        {
            return null;
        }

        foreach (var other in census.RetainedOf(job).Reverse())
        {
            if (!problems.TryGetValue(other.Path, out var found))
            {
                await reading.RunAsync(FilesToRead(other), null, cancellationToken).ConfigureAwait(false);
                found = await FindProblemsAsync(storage, reading, other, options, cancellationToken)
                    .ConfigureAwait(false);
                problems.Add(other.Path, found);
            }

            if (found.Count == 0)
            {
                return other.Path;
            }
        }

        return null;
    }
}
