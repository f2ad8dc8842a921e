using Checkpointing.RocksDb.Native;
using static Checkpointing.RocksDb.Tests.RocksDbTestBed;

namespace Checkpointing.RocksDb.Tests.Native;

/// <summary>How a patch begins. The whole of it: histories 41 and 242 of the torture <c>states</c>, where a list had an
/// element twice.</summary>
public sealed class PatchRowsTests
{
    [Theory]
    [InlineData("a", "b", 1)]
    [InlineData("b", "b", 2)]
    [InlineData("c", "b", 1)]
    public void Put_FirstKeyIsTheLastOfAFileBelow_BeginsWithAShorterKey(string first, string largest, int count)
    {
        var written = new List<byte[]>();
        var below = new LiveFile
        {
            ColumnFamily = "s:a", Name = "1.sst", Level = 0, SmallestKey = Key(7, "a"u8.ToArray()),
            LargestKey = Key(7, [(byte)largest[0]]), SmallestSequence = 4, LargestSequence = 5, SizeBytes = 1_000,
            EntryCount = 2, DeletionCount = 0,
        };
        var rows = new PatchRows(new Target(written), [below]);

        rows.Put(Key(7, [(byte)first[0]]), "value"u8);
        rows.Delete(Key(8, "b"u8.ToArray()));
        rows.Delete(Key(8, "c"u8.ToArray()));

        written.Should().HaveCount(count + 2);
        written[^3].Should().Equal(Key(7, [(byte)first[0]]));
        written[0].Should().Equal(count == 2 ? [0, 7] : written[^3], "no row has a key of two bytes");
    }

    private sealed class Target(List<byte[]> written) : IRowTarget
    {
        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => written.Add(key.ToArray());

        public void Delete(ReadOnlySpan<byte> key) => written.Add(key.ToArray());
    }
}
