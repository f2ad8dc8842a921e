using System.Globalization;
using Checkpointing.Inspection;
using Checkpointing.Storage;

namespace Checkpointing.Tests.Inspection;

/// <summary>Histories of jobs, and what a census and a sweep say of every file, held against the model. 1,000 seeds are
/// run by hand with <c>CHECKPOINTING_HISTORIES=1000</c>.</summary>
public sealed class StorageCensusTests
{
    private static int HistoryCount => int.Parse(
        Environment.GetEnvironmentVariable("CHECKPOINTING_HISTORIES") ?? "40", CultureInfo.InvariantCulture);

    [Fact]
    public void Why_AnyHistory_IsRightForEveryFile()
    {
        var (files, shared, orphans) = (0, 0, 0);
        ForEach(0, seed =>
        {
            var history = StoredHistory.Run(seed, isCaredFor: seed % 2 == 0);
            history.Missing().Should().BeEmpty();
            var needs = history.Needs();
            var census = history.TakeCensus();
            foreach (var path in history.AllFiles())
            {
                var report = census.Why(path)!;
                var expected = needs.GetValueOrDefault(path) ?? [];
                report.NeededBy.Select(static need => need.Path).Should().BeEquivalentTo(expected, "of '{0}'", path);
                (report.Standing == FileStanding.Needed).Should().Be(expected.Count > 0, "of '{0}'", path);
                if (report.IsOrphan)
                {
                    ExpectOrphan(history, path);
                }

                files++;
                shared += expected.Count > 1 ? 1 : 0;
                orphans += report.IsOrphan ? 1 : 0;
            }
        });

        shared.Should().BeGreaterThan(HistoryCount, "histories share files");
        orphans.Should().BeGreaterThan(HistoryCount / 4, "histories leave orphans");
        files.Should().BeGreaterThan(10 * HistoryCount);
    }

    [Fact]
    public void Sweep_AfterAnyHistory_KeepsWhatIsNeededAndLeavesNoOrphan()
    {
        var deleted = 0;
        ForEach(100_000, seed =>
        {
            var history = StoredHistory.Run(seed, isCaredFor: false);
            var gentle = StoredHistory.Now(StorageSweep.RunAsync(history.Storage, new() { Apply = true },
                history.Register));
            history.Missing().Should().BeEmpty();
            history.TakeCensus().FindOrphans().Files.Should().BeEmpty();
            var fenced = StoredHistory.Now(StorageSweep.RunAsync(
                history.Storage, new() { Apply = true, Fence = true }, history.Register));
            deleted += gentle.DeletedFiles + fenced.DeletedFiles;

            history.Missing().Should().BeEmpty();
            var needed = history.Needs().Keys.ToHashSet();
            history.AllFiles().Where(path => !needed.Contains(path)).Should().OnlyContain(
                path => IsOfRegister(path) || path.Contains("/statistics/") || path.Contains("/pins/")
                    || path.EndsWith("/claimed-by")
                    || StoragePath.IsBelow(path, "savepoints"),
                "behind the fence every orphan can be told");
            var census = history.TakeCensus();
            var report = StoredHistory.Now(CheckpointVerifier.VerifyAsync(
                history.Storage, census, [.. census.Checkpoints.Where(one =>
                    one.Status is StoredCheckpointStatus.Retained or StoredCheckpointStatus.Savepoint)]));
            report.IsOk.Should().BeTrue();
        });

        deleted.Should().BeGreaterThan(HistoryCount, "histories leave orphans");
    }

    [Fact]
    public void Sweep_BesideRunningJobs_DeletesNothingThatIsNeeded()
    {
        var (sweeps, forgets, deleted) = (0, 0, 0);
        ForEach(200_000, seed =>
        {
            var history = StoredHistory.Run(seed, isCaredFor: true);

            history.Missing().Should().BeEmpty();
            sweeps += history.Cared.Sweeps;
            forgets += history.Cared.Forgets;
            deleted += history.Cared.Deleted;
        });

        sweeps.Should().BeGreaterThan(HistoryCount);
        forgets.Should().BeGreaterThan(HistoryCount / 4);
        deleted.Should().BePositive("some sweep finds an orphan");
    }

    private static void ForEach(int firstSeed, Action<int> run)
    {
        for (var seed = firstSeed; seed < firstSeed + HistoryCount; seed++)
        {
            try
            {
                run(seed);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed} fails: {e.Message}", e);
            }
        }
    }

    // An older epoch than the register's made it: by its name, or, for metadata, by an id given out before.
    private static void ExpectOrphan(StoredHistory history, string path)
    {
        var record = history.RecordOf(path[..path.IndexOf('/')])!;
        if (StoragePath.NameOf(path) == CheckpointLayout.MetadataName)
        {
            CheckpointLayout.TryGetCheckpointId(StoragePath.FolderOf(path), out var id).Should().BeTrue();
            id.Value.Should().BeLessThan(record.FirstIdOfEpoch);
        }
        else
        {
            CheckpointLayout.TryGetEpoch(path, out var epoch).Should().BeTrue();
            epoch.Should().BeLessThan(record.Epoch);
        }
    }

    private static bool IsOfRegister(string path) => path.Contains("/register/");
}
