using System.Buffers.Binary;
using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Testing.CompletedCheckpoints;

/// <summary>The contract of <see cref="ICheckpointRegister"/> as cases to run against one's own register.</summary>
public static class CheckpointRegisterConformance
{
    private const int Racers = 8;
    private const int Rounds = 50;
    private const int Increments = 12;
    private const int MaxRecordBytes = 512 * 1024;

    /// <summary>All cases; each wants an empty register of its own.</summary>
    public static IReadOnlyList<ConformanceCase<ICheckpointRegister>> Cases { get; } =
    [
        new("a job without a record has none", ReadsNoneAsync),
        new("versions grow by one and the newest record is read", ReplacesInTurnAsync),
        new("a replacement of another version is lost and changes nothing", LosesOnOtherVersionAsync),
        new("of many racers exactly one wins each round", OneRacerWinsEachRoundAsync),
        new("no replacement is lost unseen", CountsEveryIncrementAsync),
        new("two jobs are independent", KeepsJobsApartAsync),
        new("a large record is kept whole and a larger one refused", KeepsLargeRecordAsync),
        new("a cancelled replacement changes nothing", CancelledReplacementChangesNothingAsync),
    ];

    private static async Task ReadsNoneAsync(ICheckpointRegister register, CancellationToken cancellationToken)
    {
        await ExpectAsync(register, "job", 0, null, cancellationToken).ConfigureAwait(false);
        await ReplaceAsync(register, "other", 0, [1], cancellationToken).ConfigureAwait(false);
        await ExpectAsync(register, "job", 0, null, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ReplacesInTurnAsync(ICheckpointRegister register, CancellationToken cancellationToken)
    {
        // More than any register that keeps old versions will keep.
        for (var version = 0; version < 40; version++)
        {
            var record = Record(version, 0);
            await ReplaceAsync(register, "job", version, record, cancellationToken).ConfigureAwait(false);
            await ExpectAsync(register, "job", version + 1, record, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task LosesOnOtherVersionAsync(
        ICheckpointRegister register, CancellationToken cancellationToken)
    {
        await LoseAsync(1, 0, null).ConfigureAwait(false);
        await ReplaceAsync(register, "job", 0, [1], cancellationToken).ConfigureAwait(false);
        await LoseAsync(0, 1, [1]).ConfigureAwait(false);
        await LoseAsync(2, 1, [1]).ConfigureAwait(false);
        await ReplaceAsync(register, "job", 1, [2], cancellationToken).ConfigureAwait(false);
        await LoseAsync(1, 2, [2]).ConfigureAwait(false);
        for (var version = 2; version < 30; version++)
        {
            await ReplaceAsync(register, "job", version, Record(version, 1), cancellationToken).ConfigureAwait(false);
        }

        // Long gone, also from registers that keep old versions for a while.
        await LoseAsync(0, 30, Record(29, 1)).ConfigureAwait(false);
        await LoseAsync(3, 30, Record(29, 1)).ConfigureAwait(false);
        await LoseAsync(29, 30, Record(29, 1)).ConfigureAwait(false);

        async Task LoseAsync(long expectedVersion, long version, byte[]? record)
        {
            Expect.Equal(
                RegisterReplacement.Lost,
                await register.TryReplaceAsync("job", expectedVersion, new byte[] { 99 }, cancellationToken)
                    .ConfigureAwait(false),
                $"Replacing version {expectedVersion} while the record has version {version}");
            await ExpectAsync(register, "job", version, record, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task OneRacerWinsEachRoundAsync(
        ICheckpointRegister register, CancellationToken cancellationToken)
    {
        for (var round = 0; round < Rounds; round++)
        {
            var winners = new List<int>();
            await Expect.InParallelAsync(Racers, async (racer, token) =>
            {
                var result = await register.TryReplaceAsync("job", round, Record(round, racer), token)
                    .ConfigureAwait(false);
                Expect.That(
                    result != RegisterReplacement.Unknown, "A register that answers knows what came of a replacement.");
                if (result == RegisterReplacement.Replaced)
                {
                    lock (winners)
                    {
                        winners.Add(racer);
                    }
                }
            }, cancellationToken).ConfigureAwait(false);

            Expect.Equal(1, winners.Count, $"Winners of round {round}");
            await ExpectAsync(register, "job", round + 1, Record(round, winners[0]), cancellationToken)
                .ConfigureAwait(false);
        }
    }

    // Each racer counts up its own part of the record, whatever the others do: a count that is too low at the end is a
    // replacement reported as done and then overwritten, one that is too high was reported as lost and done.
    private static async Task CountsEveryIncrementAsync(
        ICheckpointRegister register, CancellationToken cancellationToken)
    {
        await ReplaceAsync(register, "job", 0, new byte[Racers * sizeof(int)], cancellationToken).ConfigureAwait(false);
        await Expect.InParallelAsync(Racers, async (racer, token) =>
        {
            for (var done = 0; done < Increments;)
            {
                var entry = await register.ReadAsync("job", token).ConfigureAwait(false);
                Expect.That(entry is not null, "The record vanished.");
                var record = entry!.Record.ToArray();
                var mine = record.AsMemory(racer * sizeof(int), sizeof(int));
                var counted = BinaryPrimitives.ReadInt32LittleEndian(mine.Span);
                Expect.That(
                    counted >= done, $"Racer {racer} was told of {done} replacements; the record has {counted}.");
                BinaryPrimitives.WriteInt32LittleEndian(mine.Span, counted + 1);
                var result = await register.TryReplaceAsync("job", entry.Version, record, token).ConfigureAwait(false);

                // After "unknown" the next read tells; "lost" is checked at the end.
                done = result == RegisterReplacement.Unknown
                    ? await CountAsync(register, racer, token).ConfigureAwait(false)
                    : done + (result == RegisterReplacement.Replaced ? 1 : 0);
            }
        }, cancellationToken).ConfigureAwait(false);

        for (var racer = 0; racer < Racers; racer++)
        {
            var counted = await CountAsync(register, racer, cancellationToken).ConfigureAwait(false);
            Expect.Equal(Increments, counted, $"Replacements of racer {racer}");
        }

        var last = await register.ReadAsync("job", cancellationToken).ConfigureAwait(false);
        Expect.Equal(1 + (Racers * Increments), last?.Version, "Version after all replacements");
    }

    private static async Task KeepsJobsApartAsync(ICheckpointRegister register, CancellationToken cancellationToken)
    {
        string[] jobs = ["job", "job2", "job-register", "JOB other", "ünï"];
        foreach (var (job, index) in jobs.Select(static (job, index) => (job, index)))
        {
            for (var version = 0; version <= index; version++)
            {
                await ReplaceAsync(register, job, version, Record(version, index), cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        foreach (var (job, index) in jobs.Select(static (job, index) => (job, index)))
        {
            await ExpectAsync(register, job, index + 1, Record(index, index), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task KeepsLargeRecordAsync(ICheckpointRegister register, CancellationToken cancellationToken)
    {
        var record = new byte[MaxRecordBytes];
        for (var i = 0; i < record.Length; i++)
        {
            record[i] = (byte)(i * 31 >> 3);
        }

        await ReplaceAsync(register, "job", 0, record, cancellationToken).ConfigureAwait(false);
        var sent = record.ToArray();
        record.AsSpan().Clear(); // the register keeps its own bytes
        await ExpectAsync(register, "job", 1, sent, cancellationToken).ConfigureAwait(false);
        await Expect.ThrowsAsync<ArgumentException>(
            async () => await register.TryReplaceAsync("job", 1, new byte[MaxRecordBytes + 1], cancellationToken)
                .ConfigureAwait(false),
            "A record above 512 KiB").ConfigureAwait(false);
        await ExpectAsync(register, "job", 1, sent, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CancelledReplacementChangesNothingAsync(
        ICheckpointRegister register, CancellationToken cancellationToken)
    {
        await ReplaceAsync(register, "job", 0, [1], cancellationToken).ConfigureAwait(false);
        await Expect.ThrowsAsync<OperationCanceledException>(
            async () => await register.TryReplaceAsync("job", 1, new byte[] { 2 }, new(canceled: true))
                .ConfigureAwait(false),
            "Replacing with a cancelled token").ConfigureAwait(false);
        await ExpectAsync(register, "job", 1, [1], cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Record(int version, int writer) => [(byte)version, (byte)(version >> 8), (byte)writer, 7];

    private static async Task<int> CountAsync(
        ICheckpointRegister register, int racer, CancellationToken cancellationToken)
    {
        var entry = await register.ReadAsync("job", cancellationToken).ConfigureAwait(false);
        Expect.That(entry is not null, "The record vanished.");
        return BinaryPrimitives.ReadInt32LittleEndian(entry!.Record.Span[(racer * sizeof(int))..]);
    }

    private static async Task ReplaceAsync(
        ICheckpointRegister register, JobId job, long version, byte[] record, CancellationToken cancellationToken)
    {
        var result = await register.TryReplaceAsync(job, version, record, cancellationToken).ConfigureAwait(false);
        Expect.Equal(RegisterReplacement.Replaced, result, $"Replacing version {version} of '{job}'");
    }

    private static async Task ExpectAsync(
        ICheckpointRegister register, JobId job, long version, byte[]? record, CancellationToken cancellationToken)
    {
        var entry = await register.ReadAsync(job, cancellationToken).ConfigureAwait(false);
        Expect.Equal(version, entry?.Version ?? 0, $"Version of the record of '{job}' (0: none)");
        Expect.SameBytes(record, entry is null ? default : entry.Record.Span, $"Record of '{job}'");
    }
}
