using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;

namespace Checkpointing.Tests.Coordination;

/// <summary>Native savepoints from the trigger on: theirs alone, and never a base.</summary>
public sealed class SavepointTests
{
    private static readonly CheckpointRequest s_native =
        CheckpointRequest.SavepointTo("savepoints", SavepointFormat.Native);

    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(10);

    private readonly InMemoryCheckpointStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();

    [Fact]
    public void TriggerAsync_NativeSavepoint_IsSelfContainedAndRegistersNothing()
    {
        var job = NewCluster("job", 70);
        job.Start();
        job.Work();
        job.Checkpoint();
        job.Work();
        var shared = StoredState.FilesBelow(_storage, "job/shared").ToList();

        var savepoint = job.Checkpoint(s_native);

        savepoint.Properties.Should().Be(
            new CheckpointProperties(CheckpointKind.Savepoint, CheckpointRetention.OnCancellation)
            {
                Format = SavepointFormat.Native,
            });
        StoredState.FilesBelow(_storage, "job/shared").Should().Equal(shared, "a savepoint stores nothing there");
        var loaded = CheckpointLoader.LoadAsync(_storage, savepoint.Path, default).AsTask().GetAwaiter().GetResult();
        loaded.Properties.Format.Should().Be(SavepointFormat.Native, "the metadata says what was written");
        CheckpointReference.AllFiles(loaded).Should().OnlyContain(path => path.StartsWith(savepoint.Path + "/"));
        job.Work();
        CheckpointReference.AllFiles(job.Checkpoint()).Should()
            .NotContain(path => path.StartsWith("savepoints/"), "a savepoint is no base");
    }

    [Theory]
    [InlineData(ClaimMode.NoClaim)]
    [InlineData(ClaimMode.Claim)]
    public void ResumeAsync_MovedNativeSavepoint_GoesOnWithoutIt(ClaimMode mode)
    {
        var first = NewCluster("first", 71);
        first.Start();
        first.Work();
        first.Work();
        var savepoint = first.Checkpoint(s_native);
        Move(savepoint.Path, "archive/moved");

        var second = NewCluster("second", 72);
        second.Start("archive/moved", mode)!.Checkpoint.Path.Should().Be("archive/moved");
        second.Work();
        var checkpoint = second.Checkpoint();
        second.RunUntilQuiet();

        CheckpointReference.AllFiles(checkpoint).Should().OnlyContain(path => path.StartsWith("second/"));
        var left = StoredState.FilesBelow(_storage, "archive").ToList();
        if (mode == ClaimMode.Claim)
        {
            left.Should().Equal(["archive/moved/claimed-by"], "the claimed savepoint was subsumed");
        }
        else
        {
            left.Should().HaveCountGreaterThan(1, "it is not the job's to delete");
            left.ForEach(path => _storage.DeleteAsync(path, default).AsTask().GetAwaiter().GetResult());
        }

        var again = NewCluster("second", 73);
        again.Start()!.Checkpoint.Path.Should().Be(checkpoint.Path);
        again.Work();
        var last = again.Checkpoint();
        StoredState.FilesBelow(_storage, "second").Should().Contain(CheckpointReference.AllFiles(last));
    }

    // Nobody sweeps the folders of savepoints, and their handles are relative: the files used to stay for ever.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TriggerAsync_SavepointIsAborted_LeavesNoFile(bool isLate)
    {
        var job = NewCluster("job", 74);
        job.Start();
        job.Work();
        if (isLate)
        {
            var trigger = job.Coordinator.TriggerAsync(s_native);
            while (StoredState.FilesBelow(_storage, "savepoints").Count < 4)
            {
                job.Step().Should().BeTrue();
            }

            job.Advance(TimeSpan.FromHours(1));
            job.RunUntilQuiet();
            trigger.IsFaulted.Should().BeTrue();
        }
        else
        {
            job.SilentSubtasks.Add(1);
            var trigger = job.Coordinator.TriggerAsync(s_native);
            job.RunUntilQuiet();
            StoredState.FilesBelow(_storage, "savepoints").Should().NotBeEmpty("one subtask has acknowledged");
            job.Advance(TimeSpan.FromHours(1));
            job.RunUntilQuiet();
            trigger.IsFaulted.Should().BeTrue();
        }

        StoredState.FilesBelow(_storage, "savepoints").Should().BeEmpty();
    }

    // Whoever finds metadata takes it for a savepoint: it used to appear after its data had been deleted.
    [Fact]
    public void TriggerAsync_SavepointIsAbortedAtAnyStep_NeverLeavesMetadataThatNamesMissingFiles()
    {
        var (aborted, seen) = (0, 0);
        for (var seed = 100; seed < 160; seed++)
        {
            var storage = new InMemoryCheckpointStorage();
            var job = new SimulatedCluster(
                storage, new InMemoryCheckpointRegister(), "job", seed, options: new() { Timeout = s_timeout });
            job.Start();
            job.Work();
            job.AfterStep = () => seen += ExpectComplete(storage);
            var trigger = job.Coordinator.TriggerAsync(s_native);
            for (var step = 0; step < seed % 20 && job.Step(); step++)
            {
            }

            job.Advance(s_timeout);
            job.RunUntilQuiet();
            aborted += trigger.IsFaulted ? 1 : 0;
        }

        aborted.Should().BeInRange(10, 50, "some were complete by then");
        seen.Should().BePositive("metadata of an aborted one is seen in some");

        int ExpectComplete(InMemoryCheckpointStorage storage)
        {
            var stored = StoredState.FilesBelow(storage, "savepoints").ToHashSet();
            foreach (var metadata in stored.Where(static path => path.EndsWith("/_metadata")))
            {
                var loaded = CheckpointLoader.LoadAsync(storage, StoragePath.FolderOf(metadata), default).AsTask()
                    .GetAwaiter().GetResult();
                stored.Should().Contain(CheckpointReference.AllFiles(loaded));
            }

            return stored.Count;
        }
    }

    private SimulatedCluster NewCluster(string job, int seed) => new(
        _storage, _register, job, seed,
        options: new() { Retention = CheckpointRetention.OnCancellation, Timeout = s_timeout });

    private void Move(string folder, string target)
    {
        foreach (var path in StoredState.FilesBelow(_storage, folder).ToList())
        {
            _storage.CopyAsync(path, target + path[folder.Length..], default).AsTask().GetAwaiter().GetResult();
            _storage.DeleteAsync(path, default).AsTask().GetAwaiter().GetResult();
        }
    }
}
