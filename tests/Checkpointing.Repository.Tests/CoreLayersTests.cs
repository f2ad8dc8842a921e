namespace Checkpointing.Repository.Tests;

public sealed class CoreLayersTests
{
    private const string CoreFolder = "src/Checkpointing/";

    private static readonly CoreSource s_timestamp =
        new("State/Timestamp.cs", "State", "namespace Checkpointing.State;\npublic record struct Timestamp(long Ms);");

    [Fact]
    public void Core_AllFolders_UseOnlyFoldersBeforeThem()
    {
        var sources = RepositoryFiles.Under(["src/Checkpointing"], ".cs").Select(path => new CoreSource(
            path, FolderOf(path[CoreFolder.Length..]), RepositoryFiles.Read(path))).ToList();

        sources.Should().NotBeEmpty();
        Findings.ShouldBeNone(
            CoreLayers.Violations(sources),
            $"Arrows between the core's folders point one way: {string.Join(", ", CoreLayers.Order.Skip(1))}.");
    }

    [Theory]
    [InlineData("using Checkpointing.State;")]
    [InlineData("using static Checkpointing.State.Timestamp;")]
    [InlineData("using Time = Checkpointing.State.Timestamp;")]
    [InlineData("global using Checkpointing.State.Heap;")]
    [InlineData("class A { object Time = new Checkpointing.State.Timestamp(1); }")]
    [InlineData("class A { object Time = new global::Checkpointing.State.Timestamp(1); }")]
    [InlineData("class A { State.Timestamp Time; }")]
    public void Violations_EarlierFolderUsesLaterOne_NamesBoth(string text)
    {
        var source = new CoreSource("Metadata/A.cs", "Metadata", "namespace Checkpointing.Metadata;\n" + text);

        CoreLayers.Violations([source, s_timestamp]).Should()
            .Equal("Metadata/A.cs:2: 'Metadata' uses 'State', which comes after it.");
    }

    [Theory]
    [InlineData("Coordination", "using Checkpointing.State;")]
    [InlineData("Metadata", "// using Checkpointing.State;")]
    [InlineData("Metadata", "class A { string B = \"using Checkpointing.State;\"; }")]
    [InlineData("Metadata", "class A { /* State.Timestamp */ }")]
    [InlineData("Metadata", "class A(B State) { object C => State.Owner; }")]
    [InlineData("Metadata", "class A(B b) { object C => b.State.Timestamp; }")]
    [InlineData("KeyGroups", "using Checkpointing.Diagnostics;")]
    [InlineData("Diagnostics", "class A(Checkpointing.JobId job);")]
    public void Violations_AllowedUse_None(string folder, string text)
    {
        var source = new CoreSource("A.cs", folder, text);

        CoreLayers.Violations([source, s_timestamp]).Should().BeEmpty();
    }

    [Fact]
    public void Violations_RootUsesAFolder_NamesBoth()
    {
        var source = new CoreSource("A.cs", "", "using Checkpointing.KeyGroups;");

        CoreLayers.Violations([source]).Should().Equal("A.cs:1: '(root)' uses 'KeyGroups', which comes after it.");
    }

    [Fact]
    public void Violations_UnknownFolder_IsRefused() =>
        CoreLayers.Violations([new CoreSource("A.cs", "Extras", "")]).Should()
            .Equal("A.cs: folder 'Extras' has no place in the order of folders.");

    private static string FolderOf(string path) => path.Contains('/') ? path[..path.IndexOf('/')] : "";
}
