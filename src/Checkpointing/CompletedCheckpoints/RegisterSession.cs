namespace Checkpointing.CompletedCheckpoints;

/// <summary>A job's record as one process last saw it, and the only way it is changed.</summary>
/// <remarks>
/// Every change is conditional on the version that was read, so a coordinator of an older epoch can change nothing.
/// One caller at a time.
/// </remarks>
internal sealed class RegisterSession(ICheckpointRegister register, JobId job)
{
    private const int MaxRounds = 16;

    public JobId Job { get; } = job;

    /// <summary>Version of <see cref="Record"/>; 0 if there is none.</summary>
    public long Version { get; private set; }

    /// <summary>The record as last read or written; null if the job has none.</summary>
    public RegisterRecord? Record { get; private set; }

    public async ValueTask<RegisterRecord?> ReadAsync(CancellationToken cancellationToken)
    {
        var entry = await register.ReadAsync(Job, cancellationToken).ConfigureAwait(false);
        Version = entry?.Version ?? 0;
        Record = entry is null
            ? null
            : RegisterRecordSerializer.Read(
                entry.Record, $"{register.Description}: register of '{Job}', version {entry.Version}");
        return Record;
    }

    /// <summary>Replaces the record that was last seen.</summary>
    /// <param name="record">The new one; its token must be new.</param>
    /// <param name="cancellationToken">Observed before the write.</param>
    /// <returns>Whether it is in. Unless it is, <see cref="Record"/> is what somebody else wrote.</returns>
    /// <exception cref="CheckpointOutcomeUnknownException">It may be in, or have been, or come in later, and this could
    /// not be settled.</exception>
    /// <exception cref="CheckpointStorageUnavailableException">It is definitely not in.</exception>
    public async ValueTask<SessionReplacement> TryReplaceAsync(
        RegisterRecord record, CancellationToken cancellationToken)
    {
        var bytes = RegisterRecordSerializer.Write(record);
        var (replaced, expected) = (Record, Version);
        var outcome = await register.TryReplaceAsync(Job, Version, bytes, cancellationToken).ConfigureAwait(false);
        var wasInDoubt = outcome == RegisterReplacement.Unknown;
        for (var round = 0; outcome == RegisterReplacement.Unknown && round < MaxRounds; round++)
        {
            // Not in does not mean never: a late write may still arrive. Replacing once more on the version that was
            // read settles it, since only one of the two can find that version.
            try
            {
                await ReadAsync(CancellationToken.None).ConfigureAwait(false);

                // Somebody else's: the new one was made from a record that is no more. To put it over theirs would undo
                // what they did, or give one epoch two holders.
                if (Record?.Token != replaced?.Token)
                {
                    return Settle(record, replaced, expected, wasInDoubt);
                }

                outcome = await register.TryReplaceAsync(Job, Version, bytes, CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (CheckpointingException e) when (e is not CheckpointOutcomeUnknownException)
            {
                // Also when what was read is damaged: that says nothing about ours.
                outcome = RegisterReplacement.Unknown;
            }
        }

        switch (outcome)
        {
            case RegisterReplacement.Replaced:
                (Version, Record) = (Version + 1, record);
                return SessionReplacement.Replaced;
            case RegisterReplacement.Lost:
                await ReadAfterLossAsync().ConfigureAwait(false);
                return Settle(record, replaced, expected, wasInDoubt);
            default:
                throw new CheckpointOutcomeUnknownException(Job.Name, null);
        }
    }

    // A medium may say "lost" because it read its own record back damaged: only what is read whole counts.
    private async ValueTask ReadAfterLossAsync()
    {
        try
        {
            await ReadAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (CheckpointingException e)
        {
            throw new CheckpointOutcomeUnknownException(Job.Name, null, e);
        }
    }

    /// <summary>What has become of ours, now that the record is not the replaced one any more.</summary>
    private SessionReplacement Settle(RegisterRecord ours, RegisterRecord? replaced, long expected, bool wasInDoubt)
    {
        if (Record?.Token == ours.Token)
        {
            return SessionReplacement.Replaced;
        }

        // A version has one record. Where ours would be there is theirs, or ours was refused.
        if (!wasInDoubt || Version <= expected + 1)
        {
            return SessionReplacement.Lost;
        }

        // Theirs may have been made from ours. Names never repeat, so a checkpoint that only ours added proves it.
        var added = ours.Retained.Select(static one => one.Path)
            .Except(replaced?.Retained.Select(static one => one.Path) ?? []).ToList();
        if (added.Count == 0)
        {
            return SessionReplacement.Lost;
        }

        // Not named: theirs stands on ours and has dropped it since, or ours never was in.
        return Record is { } theirs && new[]
            {
                theirs.Retained, theirs.Leaving, theirs.HandedOver, theirs.HandedOverLeaving,
            }.SelectMany(static list => list).Any(one => added.Contains(one.Path))
                ? SessionReplacement.Superseded
                : throw new CheckpointOutcomeUnknownException(Job.Name, null);
    }

    /// <summary>Applies a change to whatever the record is, again and again until it is in.</summary>
    /// <param name="change">Gives the new record from the present one (null: none), or null to change nothing.</param>
    /// <param name="cancellationToken">Observed between two tries.</param>
    /// <exception cref="CheckpointStorageUnavailableException">Others replaced the record <c>16</c> times in a
    /// row.</exception>
    public ValueTask<RegisterRecord?> UpdateAsync(
        Func<RegisterRecord?, RegisterRecord?> change, CancellationToken cancellationToken) =>
        UpdateAsync(present => ValueTask.FromResult(change(present)), cancellationToken);

    /// <inheritdoc cref="UpdateAsync(Func{RegisterRecord?, RegisterRecord?}, CancellationToken)"/>
    public async ValueTask<RegisterRecord?> UpdateAsync(
        Func<RegisterRecord?, ValueTask<RegisterRecord?>> change, CancellationToken cancellationToken)
    {
        await ReadAsync(cancellationToken).ConfigureAwait(false);
        for (var round = 0; round < MaxRounds; round++)
        {
            if (await change(Record).ConfigureAwait(false) is not { } wanted)
            {
                return Record;
            }

            if (await TryReplaceAsync(wanted, cancellationToken).ConfigureAwait(false) == SessionReplacement.Replaced)
            {
                return Record;
            }
        }

        throw new CheckpointStorageUnavailableException(
            $"{register.Description}: register of '{Job}'",
            $"could not be changed: other processes replaced it {MaxRounds} times meanwhile. Try again.");
    }
}

/// <summary>What became of a record that was to replace another.</summary>
internal enum SessionReplacement
{
    /// <summary>It is in.</summary>
    Replaced = 0,

    /// <summary>It is not in and never was; somebody else's is.</summary>
    Lost = 1,

    /// <summary>It was in, its answer was lost, and somebody else's was made from it since.</summary>
    Superseded = 2,
}
