using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Inspection;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.Storage;
using Checkpointing.Testing.Simulation;
using Checkpointing.Torture.ExactlyOnce;

namespace Checkpointing.Torture.Kills;

/// <summary>Looks at a job that has finished: its output, its state, and what is left over.</summary>
internal sealed class KillJobCheck(
    int seed, string folder, ICheckpointStorage storage, ICheckpointRegister register, InvariantChecker checker,
    KillCounts counts)
{
    /// <returns>What is wrong; null: nothing.</returns>
    internal async Task<string?> FindProblemAsync() =>
        FindOutputDifference() ?? await FindStateDifferenceAsync().ConfigureAwait(false)
        ?? await FindOrphansAsync().ConfigureAwait(false) ?? FindLeftovers();

    /// <summary>The committed output is what a loop over the input computes, and so what a run without failure gives:
    /// <c>exactly-once</c> compares those two.</summary>
    private string? FindOutputDifference()
    {
        var expected = FireJob.Compute(
            FireInput.Load(KillLife.Input, seed), hasEarlyInput: false, FireInput.WindowOf(KillLife.Input));
        var found = FireJob.ReadOutput(folder);
        if (expected.SequenceEqual(found, StringComparer.Ordinal))
        {
            return null;
        }

        counts.Add(KillCounts.OutputDifferences);
        var missing = expected.Except(found).ToList();
        var extra = found.Except(expected).ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the output differs: of {expected.Count} rows {missing.Count} are missing, {extra.Count} are too many; ")
            + $"for example '{missing.Concat(extra).FirstOrDefault()}'";
    }

    /// <summary>The newest checkpoint, read without a job, holds the totals of the whole input.</summary>
    private async Task<string?> FindStateDifferenceAsync()
    {
        var entry = await register.ReadAsync(KillLife.Job, CancellationToken.None).ConfigureAwait(false);
        var record = RegisterRecordSerializer.Read(entry!.Record, "the register");
        var work = Directory.CreateDirectory(Path.Combine(folder, "reading")).FullName;
        var reader = await CheckpointReader.OpenAsync(
            storage, record.Retained[^1].Path, new RocksDbBackendFactory(new() { WorkingDirectory = work }))
            .ConfigureAwait(false);
        var found = new Dictionary<string, (long, long)>();
        await foreach (var row in reader.ReadAsync(FireJob.TotalsName, StateSerializer.String, FireJob.Totals)
            .ConfigureAwait(false))
        {
            found.Add(row.Key, row.Value);
        }

        var expected = FireInput.Load(KillLife.Input, seed).GroupBy(static record => record.Key)
            .ToDictionary(
                static group => group.Key,
                static group => (group.LongCount(), group.Sum(static record => record.Value)));
        counts.Add("rows of state compared", expected.Count);
        if (found.Count == expected.Count && expected.All(one => found.GetValueOrDefault(one.Key) == one.Value))
        {
            return null;
        }

        counts.Add(KillCounts.StateDifferences);
        return $"the state differs: {found.Count} of {expected.Count} rows in '{record.Retained[^1].Path}'";
    }

    /// <summary>The job has left no orphan; nor does a sweep find one, nor leave one.</summary>
    private async Task<string?> FindOrphansAsync()
    {
        var orphans = await checker.FindOrphansAsync().ConfigureAwait(false);
        if (orphans.Count == 0)
        {
            var sweep = await StorageSweep.RunAsync(storage, new() { Apply = true, Fence = true }, register)
                .ConfigureAwait(false);
            counts.Add("temporary files swept", sweep.TemporaryFiles);
            orphans = [.. sweep.Found.Files.Select(static file => file.Path)];
            if (orphans.Count == 0)
            {
                orphans = await checker.FindOrphansAsync().ConfigureAwait(false);
            }
        }

        counts.Add(KillCounts.Orphans, orphans.Count);
        return orphans.Count == 0 ? null : $"nothing leads to {string.Join(", ", orphans.Take(5))}";
    }

    /// <summary>Neither parts of outputs nor databases of dead processes stay.</summary>
    private string? FindLeftovers()
    {
        var files = Directory.GetDirectories(folder, "*.parts")
            .Append(KillLife.WorkOf(folder))
            .Where(Directory.Exists)
            .SelectMany(static place => Directory.GetFiles(place, "*", SearchOption.AllDirectories))
            .ToList();
        counts.Add(KillCounts.Leftovers, files.Count);
        return files.Count == 0 ? null : $"{files.Count} files are left over: {string.Join(", ", files.Take(5))}";
    }
}
