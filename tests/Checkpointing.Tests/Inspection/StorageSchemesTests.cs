using Checkpointing.Inspection;
using Checkpointing.Storage.InMemory;
using Checkpointing.Storage.Local;

namespace Checkpointing.Tests.Inspection;

public sealed class StorageSchemesTests
{
    [Theory]
    [InlineData("/data/checkpoints", "file")]
    [InlineData("data", "file")]
    [InlineData("file:/data", "file")]
    [InlineData("C:/data", "file")]
    [InlineData("s3://bucket/data", "s3")]
    [InlineData("S3+test://bucket", "s3+test")]
    [InlineData("a folder: with a colon", "file")]
    public void SchemeOf_Address_IsItsScheme(string address, string scheme) =>
        StorageSchemes.SchemeOf(address).Should().Be(scheme);

    [Theory]
    [InlineData("/data/check points", "/data/check points")]
    [InlineData("file:/data/x", "/data/x")]
    [InlineData("file:///data/with%20space", "/data/with space")]
    public void Open_LocalAddress_IsTheFolder(string address, string folder)
    {
        using var storage = (LocalCheckpointStorage)new StorageSchemes().Open(address);

        storage.Root.Should().Be(folder);
    }

    [Fact]
    public void Open_RegisteredScheme_OpensByIt()
    {
        var opened = new InMemoryCheckpointStorage();
        var schemes = new StorageSchemes().Register("mem", _ => opened);

        schemes.Open("MEM:anything").Should().BeSameAs(opened);
        schemes.Known.Should().Equal("file", "mem");
    }

    [Fact]
    public void Open_UnknownScheme_IsRefused()
    {
        var open = () => new StorageSchemes().Open("gs://bucket");

        open.Should().Throw<ArgumentException>().WithMessage("*'gs'*nobody has registered*file*");
    }
}
