using Checkpointing.Testing.State;

namespace Checkpointing.RocksDb.Tests;

public sealed class RocksDbConformanceTests
{
    public static TheoryData<RocksDbSnapshotMode, string> CaseNames
    {
        get
        {
            var data = new TheoryData<RocksDbSnapshotMode, string>();
            foreach (var mode in Enum.GetValues<RocksDbSnapshotMode>())
            {
                foreach (var test in KeyedStateBackendConformance.Cases)
                {
                    data.Add(mode, test.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(CaseNames))]
    public Task Conformance_EveryCase_Holds(RocksDbSnapshotMode mode, string name) => KeyedStateBackendConformance.Cases
        .Single(test => test.Name == name)
        .RunAsync(
            () =>
            {
                var bed = new RocksDbTestBed(mode);
                return new KeyedStateBackendSetup(bed.Factory, bed.Storage, () =>
                {
                    var left = Directory.Exists(bed.WorkingDirectory)
                        ? Directory.GetFileSystemEntries(bed.WorkingDirectory) : [];
                    bed.Dispose();
                    left.Should().BeEmpty("all backends and snapshots are disposed");
                    return ValueTask.CompletedTask;
                });
            },
            TestContext.Current.CancellationToken);
}
