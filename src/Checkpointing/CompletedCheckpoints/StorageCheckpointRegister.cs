using System.Globalization;
using Checkpointing.Storage;

namespace Checkpointing.CompletedCheckpoints;

/// <summary>Records as files of a storage: <c>&lt;job&gt;/register/&lt;version, 19 digits&gt;</c>; the highest
/// version holds.</summary>
/// <remarks>
/// <para>Needs of the storage what its contract promises (creating is all-or-nothing and only if absent), and that a
/// listing shows what was created before it began. Other files in the folder are ignored.</para>
/// <para>A version that was read is durable: reading makes it so, whoever created it.</para>
/// <para>No two writes may have the same bytes (a record carries a token): by its bytes a write is known as
/// ours.</para>
/// <para>Why this is a compare-and-set: version v is created only by who has seen v - 1 as the highest, and the file
/// system lets one of them create it. The highest file is never removed, so the highest version never falls. The
/// newest 16 versions stay; so a version's place can become free again only when the highest is 16 or more beyond it.
/// A writer that slept so long and then finds the place free learns it by listing again.</para>
/// </remarks>
public sealed class StorageCheckpointRegister : ICheckpointRegister
{
    /// <summary>Longest record, in bytes.</summary>
    internal const int MaxRecordBytes = 512 * 1024;

    private const int KeptVersions = 16;
    private const int VersionDigits = 19;
    private const int MaxReadAttempts = 100;

    private readonly ICheckpointStorage _storage;

    /// <summary>Keeps records in a storage, beside the job's checkpoints.</summary>
    /// <param name="storage">Borrowed: the caller disposes it, after this register's last use.</param>
    public StorageCheckpointRegister(ICheckpointStorage storage)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _storage = storage;
    }

    /// <inheritdoc/>
    public string Description => _storage.Description;

    /// <inheritdoc/>
    public async ValueTask<RegisterEntry?> ReadAsync(JobId job, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var versions = await ListVersionsAsync(job, cancellationToken).ConfigureAwait(false);
            if (versions.Count == 0)
            {
                return null;
            }

            try
            {
                var record = await _storage.ReadAllAsync(PathOf(job, versions.Max), MaxRecordBytes, cancellationToken)
                    .ConfigureAwait(false);

                // What is read is acted upon, so it must not vanish again: whoever created it may have failed, or died,
                // before it made the name durable.
                await _storage.SyncFoldersAsync([CheckpointLayout.RegisterFolder(job)], cancellationToken)
                    .ConfigureAwait(false);
                return new(versions.Max, record);
            }
            catch (StoredFileMissingException e)
            {
                // Newer versions have come since the listing, and pushed this one out.
                if (attempt == MaxReadAttempts)
                {
                    throw new CheckpointStorageUnavailableException(
                        e.Path, $"could not be read: it gave way to newer ones {attempt} times. Read again.", e);
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RegisterReplacement> TryReplaceAsync(
        JobId job, long expectedVersion, ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        CheckArguments(expectedVersion, record);
        var versions = await ListVersionsAsync(job, cancellationToken).ConfigureAwait(false);
        if (versions.Max != expectedVersion)
        {
            return RegisterReplacement.Lost;
        }

        var path = PathOf(job, expectedVersion + 1);
        var writer = await _storage.CreateAsync(path, cancellationToken).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await writer.WriteAsync(record, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await writer.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (
                e is StoredFileExistsException or CheckpointStorageUnavailableException { ChangedNothing: false })
            {
                // The file may be there all the same, or come yet; and "exists" may speak of our own file, when a
                // network file system has sent the creation twice. Only what can be read counts.
                if (await ReadBackAsync(path, record).ConfigureAwait(false) is { } known)
                {
                    return known;
                }
            }
        }

        return await ConfirmAsync(job, expectedVersion + 1).ConfigureAwait(false);
    }

    internal static void CheckArguments(long expectedVersion, ReadOnlyMemory<byte> record)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        ArgumentOutOfRangeException.ThrowIfEqual(expectedVersion, long.MaxValue);
        if (record.Length > MaxRecordBytes)
        {
            throw new ArgumentException(
                $"A record has at most {MaxRecordBytes} bytes; this one has {record.Length}.", nameof(record));
        }
    }

    private static string PathOf(JobId job, long version) =>
        string.Create(CultureInfo.InvariantCulture, $"{CheckpointLayout.RegisterFolder(job)}/{version:D19}");

    // Null: the file holds our bytes.
    private async ValueTask<RegisterReplacement?> ReadBackAsync(string path, ReadOnlyMemory<byte> record)
    {
        try
        {
            var found = await _storage.ReadAllAsync(path, MaxRecordBytes, CancellationToken.None).ConfigureAwait(false);
            return record.Span.SequenceEqual(found) ? null : RegisterReplacement.Lost;
        }
        catch (CheckpointCorruptException)
        {
            // Longer than any record of ours.
            return RegisterReplacement.Lost;
        }
        catch (Exception e) when (e is CheckpointStorageUnavailableException or StoredFileMissingException)
        {
            return RegisterReplacement.Unknown;
        }
    }

    // The file is there under our version. It is the job's record, if its place had never been taken before.
    private async ValueTask<RegisterReplacement> ConfirmAsync(JobId job, long version)
    {
        try
        {
            await _storage.SyncFoldersAsync([CheckpointLayout.RegisterFolder(job)], CancellationToken.None)
                .ConfigureAwait(false);
            var versions = await ListVersionsAsync(job, CancellationToken.None).ConfigureAwait(false);

            // Higher ones are no loss by themselves: others may have built on our version at once. But only below this
            // distance is it certain that our place was free because it had never been taken.
            if (versions.Max - version >= KeptVersions)
            {
                await TryDeleteAsync(job, [version]).ConfigureAwait(false);
                return RegisterReplacement.Unknown;
            }

            // Removed while we listed: so there are higher ones that the listing missed.
            var path = PathOf(job, version);
            if (await _storage.GetLengthAsync(path, CancellationToken.None).ConfigureAwait(false) is null)
            {
                return RegisterReplacement.Unknown;
            }

            await TryDeleteAsync(job, versions.Where(old => old <= version - KeptVersions)).ConfigureAwait(false);
            return RegisterReplacement.Replaced;
        }
        catch (CheckpointStorageUnavailableException)
        {
            return RegisterReplacement.Unknown;
        }
    }

    // Oldest first, and none after one that failed: a version that is there proves that those above it
    // were not removed.
    private async ValueTask TryDeleteAsync(JobId job, IEnumerable<long> versions)
    {
        try
        {
            foreach (var version in versions)
            {
                await _storage.DeleteAsync(PathOf(job, version), CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (CheckpointStorageUnavailableException)
        {
            // The next replacement tries again.
        }
    }

    private async ValueTask<SortedSet<long>> ListVersionsAsync(JobId job, CancellationToken cancellationToken)
    {
        var folder = CheckpointLayout.RegisterFolder(job);
        var versions = new SortedSet<long>();
        await foreach (var file in _storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            var name = file.Path.AsSpan(folder.Length + 1);
            if (name.Length == VersionDigits
                && long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                && version > 0)
            {
                versions.Add(version);
            }
        }

        return versions;
    }
}
