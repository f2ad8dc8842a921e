using System.Text.RegularExpressions;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;
using Checkpointing.StateHandles;
using CsCheck;

namespace Checkpointing.Tests.Metadata.Paths;

public sealed class MetadataPathsTests
{
    [Fact]
    public void Of_EveryKindOfHandle_GivesEachPathOnceInStoredOrder()
    {
        var metadata = PathSamples.Everywhere("file:/base/", out var absolute, out var relative);

        var paths = MetadataPaths.Of(metadata);

        paths.Where(path => !path.IsRelative).Select(path => path.Path).Should()
            .BeEquivalentTo(Enumerable.Range(1, absolute).Select(i => $"file:/base/{i}"));
        paths.Where(path => path.IsRelative).Select(path => path.Path).Should()
            .BeEquivalentTo(Enumerable.Range(1, relative).Select(i => $"rel/{i}"));
    }

    [Fact]
    public void Streams_EveryKindOfHandle_SaysWhoHasEach()
    {
        var streams = MetadataPaths.Streams(PathSamples.Everywhere("file:/base/", out _, out _));

        streams.Select(stream => stream.Place.Role).Distinct().Should()
            .BeEquivalentTo(Enum.GetValues<HandleRole>());
        streams.Select(stream => stream.Place.Part).Distinct().Should()
            .BeEquivalentTo(Enum.GetValues<HandlePart>().Except([HandlePart.Folder]));
        streams.Select(stream => stream.Place.ToString()).Should()
            .Contain("operator 'a', subtask 0, keyed state, shared file '1.sst'")
            .And.Contain("operator 'a', coordinator state")
            .And.Contain($"operator '{OperatorId.FromName("b")}', subtask 0, legacy state");
    }

    [Fact]
    public void Relocate_EveryKindOfHandle_MovesAllAbsolutePathsAndNothingElse()
    {
        var metadata = PathSamples.Everywhere("file:/old/", out var absolute, out var relative);

        var (moved, count) = metadata.Relocate(new PathRelocation("/old", "s3://bucket/new"));

        count.Should().Be(absolute);
        moved.Should().Be(PathSamples.Everywhere("s3://bucket/new/", out _, out _));
        MetadataPaths.Of(moved).Count(path => path.IsRelative).Should().Be(relative);
    }

    [Fact]
    public void Relocate_NothingBelowTheRoot_IsTheSameObject()
    {
        var metadata = PathSamples.Everywhere("file:/old/", out _, out _);

        var (same, count) = metadata.Relocate(new PathRelocation("/other", "/new"));

        count.Should().Be(0);
        same.Should().BeSameAs(metadata);
    }

    [Fact]
    public void Relocate_AnyContent_ThereAndBackIsTheSame() =>
        MetadataGen.For(MetadataFormat.NativeV1).Sample(metadata =>
        {
            var there = metadata.Relocate(new PathRelocation("hdfs://nn:8020/x", "hdfs://other/y"));
            var back = there.Metadata.Relocate(new PathRelocation("hdfs://other/y", "hdfs://nn:8020/x"));

            // What follows a root keeps its spelling, but for slashes directly behind the root.
            var paths = MetadataPaths.Of(metadata)
                .Select(path => Regex.Replace(path.Path, "^(hdfs://nn:8020/x)/+", "$1/"))
                .Select(path => path == "hdfs://nn:8020/x/" ? "hdfs://nn:8020/x" : path);
            return back.ChangedCount == there.ChangedCount
                && paths.SequenceEqual(MetadataPaths.Of(back.Metadata).Select(path => path.Path))
                && (there.ChangedCount > 0 || ReferenceEquals(there.Metadata, metadata));
        });

    [Fact]
    public void Relocate_SeveralRoots_TheFirstThatFitsIsAppliedOnce()
    {
        var metadata = Samples.WithShared(new FileStateHandle("/a/x", 1));

        var (moved, count) = metadata.Relocate(
            new PathRelocation("/a", "/b"), new PathRelocation("/b", "/c"), new PathRelocation("/a/x", "/d"));

        count.Should().Be(1);
        MetadataPaths.Of(moved).Single().Path.Should().Be("/b/x");
    }

    [Theory]
    [InlineData("file:/a/b", "file:/c", "file:/a/b/x", "file:/c/x")]
    [InlineData("file:/a/b/", "file:/c/", "file:/a/b/x", "file:/c/x")]
    [InlineData("file:///a/b", "file:/c", "file:/a/b/x", "file:/c/x")]
    [InlineData("/a/b", "file:/c", "file:///a/b/x", "file:/c/x")]
    [InlineData("file:/a/b", "/c", "/a/b/x y%20ü", "/c/x y%20ü")]
    [InlineData("file://localhost/a", "/c", "/a/b", "/c/b")]
    [InlineData("/a//./b", "/c", "/a/b//x/./y", "/c/x/./y")]
    [InlineData("/a/b", "/c", "/a/b", "/c")]
    [InlineData("/a/b", "/", "/a/b/x", "/x")]
    [InlineData("/a/b", "/", "/a/b", "/")]
    [InlineData("/", "s3://bucket", "file:/a", "s3://bucket/a")]
    [InlineData("hdfs:/x", "hdfs://nn/y", "hdfs:///x/z", "hdfs://nn/y/z")]
    [InlineData("HDFS://nn:8020/x", "/y", "hdfs://nn:8020/x/z", "/y/z")]
    [InlineData("C:/data", "/y", @"C:\data\z", "/y/z")]
    public void Apply_AtOrBelowTheRoot_Moves(string from, string to, string path, string expected)
    {
        new PathRelocation(from, to).TryApply(path, out var moved).Should().BeTrue();

        moved.Should().Be(expected);
    }

    [Theory]
    [InlineData("file:/a/b", "file:/a/bc/x")]
    [InlineData("file:/a/b", "file:/a")]
    [InlineData("file:/a/b", "a/b/x")]
    [InlineData("file:/a/b", "hdfs:/a/b/x")]
    [InlineData("file:/a/b", "file://host/a/b/x")]
    [InlineData("hdfs://nn:8020/a", "hdfs://nn/a/x")]
    [InlineData("s3://bucket/a", "s3://Bucket/a/x")]
    [InlineData("file:/a/b", "file:/a/b/../../c")]
    [InlineData("file:/a/b", "file:/A/b/x")]
    [InlineData("file:/a/b", @"file:/a/b\x")]
    [InlineData("file:/a/b", "")]
    public void Apply_Elsewhere_LeavesItAlone(string from, string path)
    {
        new PathRelocation(from, "/new").TryApply(path, out var same).Should().BeFalse();

        same.Should().BeSameAs(path);
    }

    [Theory]
    [InlineData("a/b", "/c")]
    [InlineData("/a", "b")]
    [InlineData("/a/../b", "/c")]
    [InlineData("/a", "/b/../c")]
    [InlineData("", "/c")]
    [InlineData("file:a", "/c")]
    public void Relocation_RootIsNotAbsolute_IsRefused(string from, string to)
    {
        var make = () => new PathRelocation(from, to);

        make.Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData("file:/data/sp", "file:/data/sp/")]
    [InlineData("savepoints/sp", "savepoints/sp/")]
    [InlineData("", "")]
    public void ResolveRelative_EveryKindOfHandle_LeavesNoRelativeOne(string folder, string prefix)
    {
        var metadata = PathSamples.Everywhere("file:/base/", out var absolute, out var relative);

        var resolved = MetadataPaths.Of(metadata.ResolveRelative(folder));

        resolved.Should().HaveCount(absolute + relative).And.NotContain(path => path.IsRelative);
        resolved.Select(path => path.Path).Should()
            .Contain(Enumerable.Range(1, relative).Select(i => $"{prefix}rel/{i}"));
    }

    [Theory]
    [InlineData("../x", ForeignPathReason.ParentSegment)]
    [InlineData("a/../../x", ForeignPathReason.ParentSegment)]
    [InlineData(@"..\x", ForeignPathReason.ParentSegment)]
    [InlineData("/x", ForeignPathReason.OutsideRoot)]
    [InlineData(@"\x", ForeignPathReason.OutsideRoot)]
    [InlineData("file:/x", ForeignPathReason.OutsideRoot)]
    [InlineData("C:/x", ForeignPathReason.OutsideRoot)]
    public void ResolveRelative_HandleLeavesTheFolder_IsRefusedUnlessAllowed(string path, ForeignPathReason reason)
    {
        var metadata = Samples.WithShared(new RelativeFileStateHandle(path, 1));

        var resolve = () => metadata.ResolveRelative("folder", "folder/_metadata");

        resolve.Should().Throw<ForeignPathException>().Which.Message.Should()
            .Contain("folder/_metadata").And.Contain($"'{path}'").And.Contain("'000012.sst'");
        metadata.FindForeign("file:/base").Should().ContainSingle().Which.Reason.Should().Be(reason);
        MetadataPaths.Of(metadata.ResolveRelative("folder", allowForeignRoots: true)).Should().ContainSingle()
            .Which.IsRelative.Should().BeFalse();
    }

    [Fact]
    public void MakeAbsolute_PathsBelowTheStorage_GetItsRoot()
    {
        var metadata = PathSamples.Everywhere("job/chk-1/", out _, out _);
        var files = MetadataPaths.Streams(metadata).Count(stream => stream.Stream is FileStateHandle);

        var (absolute, count) = metadata.MakeAbsolute("file:/base");

        count.Should().Be(files);
        absolute.FindForeign("file:/base").Should().BeEmpty();
        absolute.MakeAbsolute("file:/other").Metadata.Should().BeSameAs(absolute);
    }

    [Theory]
    [InlineData("file:/base/a", null)]
    [InlineData("/base", null)]
    [InlineData("file:///base/a/b", null)]
    [InlineData("job/chk-1/x", null)]
    [InlineData("a:b/chk-1/x", null)]
    [InlineData("file:/baseother/a", ForeignPathReason.OutsideRoot)]
    [InlineData("/etc/passwd", ForeignPathReason.OutsideRoot)]
    [InlineData("file:/base/../etc/passwd", ForeignPathReason.ParentSegment)]
    [InlineData("job/../../x", ForeignPathReason.ParentSegment)]
    [InlineData(@"job\..\x", ForeignPathReason.ParentSegment)]
    [InlineData("s3://bucket/base/a", ForeignPathReason.OtherSystem)]
    [InlineData("file://host/base/a", ForeignPathReason.OtherSystem)]
    [InlineData("job//x", ForeignPathReason.NotNormal)]
    [InlineData("job/./x", ForeignPathReason.NotNormal)]
    [InlineData("job\\x", ForeignPathReason.NotNormal)]
    [InlineData("job/\u001bx", ForeignPathReason.NotNormal)]
    public void FindForeign_OnePath_SaysWhetherAndWhy(string path, ForeignPathReason? reason)
    {
        var found = Samples.WithShared(new FileStateHandle(path, 1)).FindForeign("file:/base");

        found.Select(foreign => (ForeignPathReason?)foreign.Reason).Should()
            .Equal(reason is null ? [] : new[] { reason });
        found.Should().NotContain(foreign => !foreign.ToString().Contains(path));
    }

    [Fact]
    public void FindForeign_EveryKindOfHandle_FindsAll()
    {
        var metadata = PathSamples.Everywhere("file:/elsewhere/", out var absolute, out _);

        metadata.FindForeign("file:/base").Should().HaveCount(absolute);
        metadata.FindForeign("file:/base", "/elsewhere").Should().BeEmpty();
        metadata.FindForeign().Should().HaveCount(absolute);
    }

    [Fact]
    public void FindForeign_RootIsRelative_IsRefused()
    {
        var find = () => Samples.Small().FindForeign("root");

        find.Should().Throw<ArgumentException>();
    }
}
