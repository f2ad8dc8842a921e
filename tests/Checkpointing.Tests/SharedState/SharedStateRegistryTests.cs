using Checkpointing.CompletedCheckpoints;
using Checkpointing.KeyGroups;
using Checkpointing.Metadata;
using Checkpointing.SharedState;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.SharedState;

public sealed class SharedStateRegistryTests
{
    private static readonly Guid s_backend = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    private static readonly SharedStateOwner s_first = SharedStateOwner.Checkpoint("job", new(1));
    private static readonly SharedStateOwner s_second = SharedStateOwner.Checkpoint("job", new(2));

    [Fact]
    public void Register_Placeholder_GivesTheRegisteredHandleAndTheCountOfOwners()
    {
        var registry = new SharedStateRegistry();
        registry.Register(KeyOf(7), HandleOf(7), s_first).OwnerCount.Should().Be(1);

        var entry = registry.Register(KeyOf(7), new PlaceholderStateHandle(KeyOf(7), 100), s_second);

        entry.Handle.Should().Be(HandleOf(7));
        entry.OwnerCount.Should().Be(2);
    }

    [Fact]
    public void Register_PlaceholderForAnUnknownKey_ThrowsAndNamesTheKey()
    {
        var register = () =>
            new SharedStateRegistry().Register(KeyOf(7), new PlaceholderStateHandle(KeyOf(7), 1), s_first);

        register.Should().Throw<UnknownSharedStateException>().Which.Key.Should().Be(KeyOf(7));
    }

    [Fact]
    public void Register_ADifferentFileUnderAKnownKey_ThrowsAndKeepsTheRegisteredOne()
    {
        var registry = new SharedStateRegistry();
        registry.Register(KeyOf(7), HandleOf(7), s_first);

        var register = () => registry.Register(KeyOf(7), HandleOf(8), s_second);

        register.Should().Throw<ConflictingSharedStateException>();
        registry.ReleaseAll(s_second).Should().BeEmpty();
        registry.Entries.Should().ContainSingle().Which.Handle.Should().Be(HandleOf(7));
    }

    [Fact]
    public void ReleaseAll_Twice_ChangesNothingTheSecondTime()
    {
        var registry = new SharedStateRegistry();
        registry.Register(KeyOf(7), HandleOf(7), s_first);
        registry.Register(KeyOf(7), HandleOf(7), s_first).OwnerCount.Should().Be(1, "owning twice is owning once");
        registry.Register(KeyOf(7), HandleOf(7), s_second);

        registry.ReleaseAll(s_first).Should().BeEmpty();
        registry.ReleaseAll(s_first).Should().BeEmpty();

        registry.OwnerCount(KeyOf(7)).Should().Be(1);
        registry.ReleaseAll(s_second).Should().ContainSingle().Which.Key.Should().Be(KeyOf(7));
        registry.Count.Should().Be(0);
    }

    [Fact]
    public void GiveUp_FileThatACheckpointNeeds_StaysUntilThatLetsGo()
    {
        var registry = new SharedStateRegistry();
        var attempt = SharedStateOwner.Attempt(1, 0, "totals", 0);
        registry.Register(KeyOf(7), HandleOf(7), attempt);
        registry.Register(KeyOf(7), HandleOf(7), s_first);

        registry.GiveUp(attempt, [KeyOf(7), KeyOf(8)]).Should().BeEmpty();
        registry.GiveUp(attempt, [KeyOf(7)]).Should().BeEmpty("a second time changes nothing");

        registry.ReleaseAll(s_first).Should().ContainSingle();
    }

    [Fact]
    public void Register_MoreOwnersThanAWordHasBits_EachCountsAndReleasesForItself()
    {
        const int OwnerCount = 200;
        var registry = new SharedStateRegistry();
        var owners = Enumerable.Range(0, OwnerCount).Select(i => SharedStateOwner.Checkpoint("job", new(i))).ToList();
        owners.ForEach(owner => registry.Register(KeyOf(7), HandleOf(7), owner));
        registry.OwnerCount(KeyOf(7)).Should().Be(OwnerCount);

        // Bits that became free are taken again.
        owners.Take(100).ToList().ForEach(owner => registry.ReleaseAll(owner).Should().BeEmpty());
        owners.Take(50).ToList().ForEach(owner => registry.Register(KeyOf(7), HandleOf(7), owner));
        registry.OwnerCount(KeyOf(7)).Should().Be(OwnerCount - 50);
        owners.Skip(1).ToList().ForEach(owner => registry.ReleaseAll(owner).Should().BeEmpty());
        registry.ReleaseAll(owners[0]).Should().ContainSingle();
    }

    // An attempt uploads and gives up as long as it runs.
    [Fact]
    public void GiveUp_ForEver_KeepsNothingOfWhatIsGone()
    {
        var registry = new SharedStateRegistry();
        var attempt = SharedStateOwner.Attempt(1, 0, "totals", 0);
        var given = Enumerable.Range(0, 1_000).Select(_ => KeepOne(registry, attempt)).ToList();
        GC.Collect();

        given.Count(static handle => handle.IsAlive).Should().BeLessThan(300);
        registry.Count.Should().Be(1);
    }

    [Fact]
    public void GiveUp_MostOfManyAtOnce_KeepsNothingOfThemAndReleasesTheRest()
    {
        const int Files = 1_000;
        const int Kept = 300;
        var registry = new SharedStateRegistry();
        var attempt = SharedStateOwner.Attempt(1, 0, "totals", 0);
        var handles = RegisterMany(registry, attempt, Files);

        GiveUpMany(registry, attempt, Kept, Files).Should().Be(Files - Kept);
        GC.Collect();

        handles.Skip(Kept).Count(static handle => handle.IsAlive).Should().Be(0);
        registry.ReleaseAll(attempt).Select(static entry => entry.Key).Should()
            .BeEquivalentTo(Enumerable.Range(0, Kept).Select(static i => KeyOf(i)));
        registry.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("a", 10, null, true)]
    [InlineData("a", 10, 1, true)]
    [InlineData("a", 10, 2, false)]
    [InlineData("a", 11, 1, false)]
    [InlineData("b", 10, 1, false)]
    public void Register_AgainUnderAKnownKey_MustBeTheSameFileAsFarAsIsKnown(
        string path, long bytes, int? content, bool isSame)
    {
        static FileStateHandle File(string path, long bytes, int? content) =>
            new(path, bytes, content is { } known ? ContentDigest.Of([(byte)known]) : null);
        foreach (var (registered, again) in new[]
        {
            (File("a", 10, 1), File(path, bytes, content)), (File(path, bytes, content), File("a", 10, 1)),
        })
        {
            var registry = new SharedStateRegistry();
            registry.Register(KeyOf(1), registered, s_first);
            var register = () => registry.Register(KeyOf(1), again, s_second);

            if (isSame)
            {
                register().Handle.Should().Be(registered);
            }
            else
            {
                register.Should().Throw<ConflictingSharedStateException>();
            }
        }
    }

    [Fact]
    public void Register_BytesThatAreNoFile_MustBeTheSame()
    {
        var registry = new SharedStateRegistry();
        registry.Register(KeyOf(1), new ByteStreamStateHandle("a", [1]), s_first);

        registry.Register(KeyOf(1), new ByteStreamStateHandle("a", [1]), s_second).OwnerCount.Should().Be(2);

        registry.Invoking(r => r.Register(KeyOf(1), new ByteStreamStateHandle("a", [2]), s_second)).Should()
            .Throw<ConflictingSharedStateException>();
    }

    [Fact]
    public void RegisterSharedStatesAfterRestored_ManagedAndRawState_OwnsTheFilesOfBoth()
    {
        static IncrementalKeyedStateHandle Handle(int file) => new(
            s_backend, new(0, 9), new(1), [new("1.sst", HandleOf(file))], [], HandleOf(100 + file), 1);
        var checkpoint = new CompletedCheckpoint(
            "job", new(1), "job/chk-1",
            new(new(1), [], [new(OperatorId.FromName("totals"), 1, 10,
                [new(0) { ManagedKeyed = Handle(1), RawKeyed = Handle(2) }])]),
            new(CheckpointKind.Checkpoint, CheckpointRetention.Always));
        var registry = new SharedStateRegistry();

        checkpoint.RegisterSharedStatesAfterRestored(registry);

        registry.Entries.Select(static entry => entry.Handle).Should().BeEquivalentTo([HandleOf(1), HandleOf(2)]);
        registry.ReleaseAll(checkpoint.Owner()).Should().HaveCount(2);
    }

    [Fact]
    public void NoArgument_MayBeNull()
    {
        var registry = new SharedStateRegistry();

        registry.Invoking(r => r.Register(KeyOf(1), null!, s_first)).Should().Throw<ArgumentNullException>()
            .WithParameterName("handle");
        registry.Invoking(r => r.Register(KeyOf(1), HandleOf(1), null!)).Should().Throw<ArgumentNullException>()
            .WithParameterName("owner");
        registry.Invoking(static r => r.ReleaseAll(null!)).Should().Throw<ArgumentNullException>()
            .WithParameterName("owner");
        registry.Invoking(static r => r.GiveUp(null!, [])).Should().Throw<ArgumentNullException>()
            .WithParameterName("attempt");
        registry.Invoking(static r => r.GiveUp(s_first, null!)).Should().Throw<ArgumentNullException>()
            .WithParameterName("keys");
        registry.Count.Should().Be(0);
    }

    // Model: the set of (owner, file) pairs. A file is handed back exactly when its last pair leaves the set.
    [Fact]
    public void AnyHistory_AgreesWithASetOfPairs() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 3], Gen.Int[0, 4]).Array[0, 60].Sample(steps =>
        {
            var registry = new SharedStateRegistry();
            var model = new HashSet<(SharedStateOwner Owner, int File)>();
            foreach (var (act, ownerNumber, file) in steps)
            {
                var owner = SharedStateOwner.Checkpoint("job", new(ownerNumber));
                var before = model.Select(static pair => pair.File).ToHashSet();
                var released = new List<SharedStateEntry>();
                switch (act)
                {
                    case 0:
                        registry.Register(KeyOf(file), HandleOf(file), owner);
                        model.Add((owner, file));
                        break;
                    case 1:
                        released.AddRange(registry.ReleaseAll(owner));
                        model.RemoveWhere(pair => pair.Owner == owner);
                        break;
                    default:
                        released.AddRange(registry.GiveUp(owner, [KeyOf(file)]));
                        model.Remove((owner, file));
                        break;
                }

                var after = model.Select(static pair => pair.File).ToHashSet();
                Assert.Equal(
                    before.Except(after).Select(KeyOf).ToHashSet(), released.Select(static e => e.Key).ToHashSet());
                Assert.Equal(after.Count, registry.Count);
                Assert.All(
                    after, f => Assert.Equal(model.Count(pair => pair.File == f), registry.OwnerCount(KeyOf(f))));
            }
        });

    private static List<WeakReference> RegisterMany(SharedStateRegistry registry, SharedStateOwner owner, int count) =>
        [.. Enumerable.Range(0, count).Select(i =>
            new WeakReference(registry.Register(KeyOf(i), HandleOf(i), owner).Handle))];

    // What these two hand out is on no frame that lives on.
    private static int GiveUpMany(SharedStateRegistry registry, SharedStateOwner owner, int from, int to) =>
        registry.GiveUp(owner, Enumerable.Range(from, to - from).Select(static i => KeyOf(i))).Count;

    private static WeakReference KeepOne(SharedStateRegistry registry, SharedStateOwner attempt)
    {
        registry.Register(KeyOf(0), HandleOf(0), attempt);
        var handle = HandleOf(1);
        registry.Register(KeyOf(1), handle, attempt);
        registry.GiveUp(attempt, [KeyOf(1)]).Should().ContainSingle();
        return new(handle);
    }

    private static SharedStateKey KeyOf(int file) => new(s_backend, new KeyGroupRange(0, 9), new($"1-0-{file:x32}"));

    private static FileStateHandle HandleOf(int file) =>
        new($"job/shared/{s_backend:D}/0-9/1-0-{file:x32}", 100 + file);
}
