using System.Buffers.Binary;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Diagnostics;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Storage.InMemory;
using Checkpointing.Testing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Tests.Coordination;

/// <summary>The newest checkpoint cannot be read: recovery falls back and says how far, or refuses; it never
/// deletes.</summary>
public sealed class UnreadableCheckpointTests : IDisposable
{
    private readonly BreakableStorage _storage = new();
    private readonly InMemoryCheckpointRegister _register = new();
    private readonly RecordingLog _log = new(LogLevel.Warning);

    public static TheoryData<string, Type> Breaks => new()
    {
        { "damaged", typeof(CheckpointCorruptException) },
        { "missing", typeof(StoredFileMissingException) },
        { "of a newer format", typeof(UnsupportedFormatException) },
        { "unavailable", typeof(CheckpointStorageUnavailableException) },
    };

    public void Dispose() => _log.Dispose();

    [Theory]
    [MemberData(nameof(Breaks))]
    public void RecoverAsync_FallBack_ServesTheOlderOneAndSaysHowFarBackItIs(string how, Type cause)
    {
        var (older, newest) = TakeTwo();
        Break(newest, how);
        var before = StoredState.FilesBelow(_storage, "job");

        var second = NewCluster(2);
        var restored = second.Start()!;

        restored.Checkpoint.Path.Should().Be(older.Path);
        var skipped = restored.Skipped.Should().ContainSingle().Subject;
        (skipped.Id, skipped.Path, skipped.TriggeredAt).Should()
            .Be((newest.Id, newest.Path, newest.Metadata.Info!.TriggeredAt));
        skipped.Cause.Should().BeOfType(cause);
        restored.FallsBackBy.Should().Be(newest.Metadata.Info.TriggeredAt - older.Metadata.Info!.TriggeredAt);
        _log.Texts(CheckpointingEventIds.RecoveryFellBack).Should().ContainSingle()
            .Which.Should().Contain("checkpoint 1").And.Contain("1 newer up to 2");

        second.Work();
        second.Checkpoint();
        second.RunUntilQuiet();
        StoredState.FilesBelow(_storage, "job").Should().Contain(before, "nothing goes while one cannot be read");
        StoredState.RegisterOf(_register, "job").Retained.Select(static r => r.Path).Should().Contain(newest.Path);
    }

    [Fact]
    public void RecoverAsync_FallBackInTheProcessThatTookIt_KnowsTheTime()
    {
        var cluster = NewCluster(1);
        var (older, newest) = TakeTwo(cluster);
        Break(newest, "unavailable");

        var restored = cluster.Start()!;

        restored.Checkpoint.Path.Should().Be(older.Path);
        restored.FallsBackBy.Should().Be(TimeSpan.FromMinutes(3));
        _log.Texts(CheckpointingEventIds.RecoveryFellBack).Should().ContainSingle().Which.Should().Contain("00:03:00");
    }

    [Theory]
    [MemberData(nameof(Breaks))]
    public void RecoverAsync_Fail_NamesTheCheckpointTheCauseAndTheOneThatCouldServe(string how, Type cause)
    {
        var (older, newest) = TakeTwo();
        Break(newest, how);
        var before = StoredState.FilesBelow(_storage, "job");

        var second = NewCluster(2, UnreadableCheckpoints.Fail);
        var thrown = FluentActions.Invoking(() => second.Start()).Should()
            .Throw<UnreadableCheckpointException>().Which;

        (thrown.Job, thrown.CheckpointId, thrown.Path, thrown.Older).Should()
            .Be(("job", newest.Id, newest.Path, older.Path));
        thrown.InnerException.Should().BeOfType(cause);
        StoredState.FilesBelow(_storage, "job").Should().Contain(before.Where(path => !path.Contains("/register/")));
        _log.Texts(CheckpointingEventIds.RecoveryFellBack).Should().BeEmpty();
    }

    [Fact]
    public void RecoverAsync_FailAndReadableAgain_RestoresTheNewest()
    {
        var (_, newest) = TakeTwo();
        Break(newest, "unavailable");
        var second = NewCluster(2, UnreadableCheckpoints.Fail);
        FluentActions.Invoking(() => second.Start()).Should().Throw<UnreadableCheckpointException>()
            .Which.IsTransient.Should().BeTrue();
        _storage.Unavailable.Clear();

        var restored = second.Start()!;

        restored.Checkpoint.Path.Should().Be(newest.Path);
        restored.Skipped.Should().BeEmpty();
        restored.FallsBackBy.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void RecoverAsync_FailAndAnOlderOneIsUnreadable_RestoresTheNewest()
    {
        var (older, newest) = TakeTwo();
        Break(older, "missing");

        NewCluster(2, UnreadableCheckpoints.Fail).Start()!.Checkpoint.Path.Should().Be(newest.Path);
    }

    [Fact]
    public void RecoverAsync_FailAndNoneCanServe_SaysSo()
    {
        var (older, newest) = TakeTwo();
        Break(older, "missing");
        Break(newest, "unavailable");

        FluentActions.Invoking(() => NewCluster(2, UnreadableCheckpoints.Fail).Start()).Should()
            .Throw<UnreadableCheckpointException>().WithMessage("*No older one can serve*").Which.Older.Should()
            .BeNull();
    }

    private SimulatedCluster NewCluster(int seed, UnreadableCheckpoints unreadable = UnreadableCheckpoints.FallBack) =>
        new(_storage, _register, "job", seed, log: _log,
            options: new() { MaxRetainedCheckpoints = 2, UnreadableCheckpoints = unreadable });

    private (CompletedCheckpoint Older, CompletedCheckpoint Newest) TakeTwo() => TakeTwo(NewCluster(1));

    private static (CompletedCheckpoint Older, CompletedCheckpoint Newest) TakeTwo(SimulatedCluster cluster)
    {
        cluster.Start();
        cluster.Work();
        var older = cluster.Checkpoint();
        cluster.Advance(TimeSpan.FromMinutes(3));
        cluster.Work();
        var newest = cluster.Checkpoint();
        cluster.RunUntilQuiet();
        return (older, newest);
    }

    private void Break(CompletedCheckpoint checkpoint, string how)
    {
        if (how == "unavailable")
        {
            _storage.Unavailable.Add(checkpoint.MetadataPath);
            return;
        }

        var bytes = Wait(_storage.ReadAllAsync(checkpoint.MetadataPath, 1 << 20, CancellationToken.None));
        Wait(_storage.DeleteAsync(checkpoint.MetadataPath, CancellationToken.None));
        switch (how)
        {
            case "missing":
                return;
            case "damaged":
                bytes[^1] ^= 1;
                break;
            default:
                // Other versions end otherwise; what ends like ours is a damaged version of ours.
                BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(sizeof(int)), 1999);
                bytes.AsSpan(2 * sizeof(int)).Fill(0x5A);
                RewriteInRegister(checkpoint, bytes);
                break;
        }

        Wait(_storage.WriteAllAsync(checkpoint.MetadataPath, bytes, CancellationToken.None));
    }

    /// <summary>As if a newer version of the library had written the checkpoint.</summary>
    private void RewriteInRegister(CompletedCheckpoint checkpoint, byte[] bytes)
    {
        var session = new RegisterSession(_register, "job");
        Wait(session.UpdateAsync(
            record => record! with
            {
                Token = Guid.Parse("0a0b0c0d-0000-0000-0000-000000000001"),
                Retained = record.Retained
                    .Select(r => r.Path == checkpoint.Path ? r with { MetadataDigest = ContentDigest.Of(bytes) } : r)
                    .ToValueList(),
            },
            CancellationToken.None));
    }

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private static void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    private sealed class BreakableStorage() : ForwardingStorage(new InMemoryCheckpointStorage())
    {
        public HashSet<string> Unavailable { get; } = [];

        public override ValueTask<Stream> OpenReadAsync(
            string path, long offset, CancellationToken cancellationToken) =>
            Unavailable.Contains(path)
                ? throw new CheckpointStorageUnavailableException(path, "did not answer (in this test).")
                : base.OpenReadAsync(path, offset, cancellationToken);
    }
}
