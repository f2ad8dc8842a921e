using System.Buffers;
using System.Text;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests;

public sealed class RocksDbTableTests : IDisposable
{
    private readonly RocksDbTestBed _bed = new();

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task TryGetPutAppendDelete_Warm_AllocateNothing()
    {
        await using var backend = await _bed.OpenAsync();
        var table = backend.GetTable("counts");
        var key = Key("a");
        var value = new byte[100];
        var target = new ArrayBufferWriter<byte>(4096);
        void Round()
        {
            table.Put(key, value);
            table.Append(key, value);
            target.ResetWrittenCount();
            table.TryGet(key, target);
            table.Delete(key);
            table.TryGet(key, target);
        }

        for (var i = 0; i < 100; i++)
        {
            Round();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Round();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Fact]
    public async Task Scan_OtherKeyGroups_AreNotSeen()
    {
        await using var backend = await _bed.OpenAsync(range: new(4, 7));
        var table = backend.GetTable("counts");
        for (var group = 0; group < MaxParallelism; group++)
        {
            table.Put(Key(group, Encoding.UTF8.GetBytes("key")), "v"u8);
        }

        Rows(backend).Keys.Should().HaveCount(4);
        using var outside = table.Scan(Key(9, Encoding.UTF8.GetBytes("key")));
        outside.MoveNext().Should().BeFalse();
    }

    [Theory]
    [InlineData("00", "0000-01")]
    [InlineData("00FF", "00FF-01")]
    [InlineData("0001FF", "0001FF-0002")]
    [InlineData("FFFF", "FFFF-FFFF")]
    [InlineData("", "0000-8000")]
    public void RowBounds_OfPrefix_EndsBeforeTheNextPrefix(string prefix, string expected)
    {
        var bytes = Convert.FromHexString(prefix);
        var target = new byte[RowBounds.MaxLength(bytes)];

        var (lower, end) = RowBounds.Write(bytes, new(0, 32_767), target);

        $"{Convert.ToHexString(target.AsSpan(0, lower))}-{Convert.ToHexString(target.AsSpan(lower, end))}"
            .Should().Be(expected);
    }
}
