using Checkpointing.KeyGroups;
using Checkpointing.RocksDb.Native;
using Checkpointing.RocksDb.Restore;

namespace Checkpointing.RocksDb.Tests.Restore;

public sealed class RescalePlannerTests
{
    private static readonly KeyGroupRange s_low = new(0, 7);
    private static readonly KeyGroupRange s_high = new(8, 15);
    private static readonly KeyGroupRange s_all = new(0, 15);

    [Fact]
    public void Plan_OneSourceCoversTheTarget_TakesTheFilesThatMeetIt()
    {
        var files = new[] { File(0, 3), File(2, 12, level: 1), File(9, 15) };
        var plan = Plan(s_low, new RescaleSource(s_all, files));
        var part = plan.Parts.Should().ContainSingle().Subject;
        part.Kind.Should().Be(RescalePartKind.Whole);
        part.Taken.Should().Equal(files[0], files[1]);
        part.Read.Should().BeEmpty();
    }

    [Fact]
    public void Plan_TargetInTheMiddleOfOneSource_FilesMayStickOutOnBothSides()
    {
        var part = Plan(new(4, 11), new RescaleSource(s_all, [File(0, 15), File(0, 3), File(12, 15)])).Parts.Single();
        part.Kind.Should().Be(RescalePartKind.Whole);
        part.Taken.Should().ContainSingle();
    }

    [Fact]
    public void Plan_SeveralSources_TheFirstSticksOutLeftAndTheLastRight()
    {
        var left = new[] { File(0, 7), File(5, 7) };
        var right = new[] { File(8, 15), File(8, 9) };
        var plan = Plan(new(4, 11), new(s_low, left), new(s_high, right));
        plan.Count(RescalePartKind.Whole).Should().Be(2);
        plan.Parts.SelectMany(part => part.Taken).Should().Equal([.. left, .. right]);
    }

    [Fact]
    public void Plan_LeftoversOfTheOtherSource_AreNotTaken()
    {
        // Both took one old file over when they were one backend's halves.
        var old = File(0, 15, size: 10);
        var plan = Plan(s_all, new(s_low, [old, File(0, 7)]), new(s_high, [old, File(8, 15)]));
        plan.Count(RescalePartKind.Patch).Should().Be(2);
        plan.Parts.SelectMany(part => part.Taken).Should().NotContain(old);
        plan.Parts[0].Intervals.Should().BeEquivalentTo([new KeyInterval(Bound(0), [0, 8])], "up to the edge");
    }

    [Fact]
    public void Plan_GapBesideTheSource_FilesMayNotStickOutIntoIt()
    {
        // Nobody has state of groups 8 to 15, so rows of them in this file were deleted by their last owner.
        var plan = Plan(s_all, new RescaleSource(s_low, [File(0, 15), File(0, 7, size: 1000)]));
        plan.Parts.Single().Kind.Should().Be(RescalePartKind.Patch);
        plan.Parts.Single().Taken.Should().ContainSingle().Which.SizeBytes.Should().Be(1000);
    }

    [Fact]
    public void Plan_Patch_ReadsWhatItsIntervalsMeetOnly()
    {
        var straddler = File(7, 9, level: 3, size: 2);
        var near = File(6, 7, level: 6);
        var far = File(0, 2, level: 6);
        var part = Plan(s_all, new(s_low, [straddler, near, far]), new(s_high, [])).Parts.Single();
        part.Kind.Should().Be(RescalePartKind.Patch);
        part.Taken.Should().Equal(near, far);
        part.Read.Should().Equal(straddler, near);
    }

    [Fact]
    public void Plan_MostReachesOut_IsRewritten()
    {
        var files = new[] { File(0, 15, size: 1000), File(0, 7, size: 100) };
        var part = Plan(s_all, new(s_low, files), new(s_high, [])).Parts.Single();
        part.Kind.Should().Be(RescalePartKind.Rewrite);
        part.Taken.Should().BeEmpty();
        part.Read.Should().Equal(files);
        part.Intervals.Should().BeEquivalentTo([KeyInterval.Of(s_low)]);
    }

    [Theory]
    [InlineData(200, RescalePartKind.Patch)]
    [InlineData(202, RescalePartKind.Rewrite)]
    public void Plan_Share_CountsBytesOfTheKeptGroupsOnly(long size, object kind)
    {
        // Half of the file's groups are kept: 100 bytes beside 100, or 101.
        var plan = Plan(s_all, new(s_low, [File(0, 15, size: size), File(0, 7)]), new(s_high, []));
        plan.Parts.Single().Kind.Should().Be((RescalePartKind)kind);
    }

    [Fact]
    public void Plan_TooManyFilesInLevel0_TheSmallestSourceIsRewritten()
    {
        var sources = Enumerable.Range(0, 4).Select(i => new RescaleSource(
            new(i * 4, i * 4 + 3),
            [.. Enumerable.Range(0, 3).Select(_ => File(i * 4, i * 4 + 3, level: 0, size: i == 2 ? 10 : 100))]));
        var plan = RescalePlanner.Plan(s_all, [.. sources], ["s"], new() { MaxLevel0Files = 10 });
        plan.Parts.Select(part => part.Kind).Should().Equal(
            RescalePartKind.Whole, RescalePartKind.Whole, RescalePartKind.Rewrite, RescalePartKind.Whole);
        plan.Parts[2].Reason.Should().Contain("12 files");
    }

    [Fact]
    public void Plan_ManyFilesInLevel0OfOneSource_AreTaken()
    {
        var files = Enumerable.Range(0, 20).Select(_ => File(0, 15, level: 0)).ToList();
        RescalePlanner.Plan(s_low, [new(s_all, files)], ["s"], new() { MaxLevel0Files = 10 })
            .Count(RescalePartKind.Whole).Should().Be(1);
    }

    [Fact]
    public void Plan_SeveralColumnFamilies_EachHasItsWay()
    {
        var plan = RescalePlanner.Plan(
            s_all,
            [new(s_low, [File(0, 7), File(0, 15) with { ColumnFamily = "t" }]), new(s_high, [File(8, 15)])],
            ["s", "t", "u"], RescaleRules.Default);
        plan.Parts.Select(part => (part.ColumnFamily, part.Source, part.Kind)).Should().Equal(
            ("s", 0, RescalePartKind.Whole), ("s", 1, RescalePartKind.Whole), ("t", 0, RescalePartKind.Rewrite));
    }

    [Fact]
    public void Plan_UnwantedColumnFamilyOrForeignSource_HasNoPart()
    {
        RescalePlanner.Plan(
            s_low, [new(s_all, [File(0, 7) with { ColumnFamily = "gone" }]), new(s_high, [File(8, 9)])], ["s"],
            new()).Parts.Should().BeEmpty("the second source has nothing for the target");
    }

    [Fact]
    public void Plan_SourcesThatShareKeyGroups_AreRefused() =>
        Plan(s_all, new(new(0, 9), [File(0, 3)]), new(s_high, [File(8, 9)])).Refusal.Should().Contain("8-9");

    [Fact]
    public void Plan_ImportSwitchedOff_IsRefused() =>
        RescalePlanner.Plan(s_low, [new(s_all, [File(0, 3)])], ["s"], new() { MayImport = false })
            .Refusal.Should().NotBeNull();

    [Fact]
    public void Union_OverlappingAndTouching_AreOne()
    {
        var union = KeyInterval.Union([new([5], [7]), new([1], [3]), new([3], [4]), new([6], [9]), new([2], [3])]);
        union.Should().BeEquivalentTo([new KeyInterval([1], [4]), new KeyInterval([5], [9])]);
    }

    private static RescalePlan Plan(KeyGroupRange target, params RescaleSource[] sources) =>
        RescalePlanner.Plan(target, sources, ["s"], RescaleRules.Default);

    private static byte[] Bound(int keyGroup) => RocksDbTestBed.Key(keyGroup, [1]);

    private static LiveFile File(int firstGroup, int lastGroup, int level = 6, long size = 100) => new()
    {
        ColumnFamily = "s",
        Name = "000001.sst",
        Level = level,
        SmallestKey = Bound(firstGroup),
        LargestKey = Bound(lastGroup),
        SmallestSequence = 1,
        LargestSequence = 9,
        SizeBytes = size,
        EntryCount = 1,
        DeletionCount = 0,
    };
}
