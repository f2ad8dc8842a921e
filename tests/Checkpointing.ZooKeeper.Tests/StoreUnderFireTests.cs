using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>The connection is cut, or the session ended, at every request of every call that touches the register:
/// afterwards the list is the one before the call or the one after it, and nothing is missing or left over.</summary>
public sealed class StoreUnderFireTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    public static TheoryData<StoreUnderFire.Call, StoreUnderFire.Fault> Cases
    {
        get
        {
            var cases = new TheoryData<StoreUnderFire.Call, StoreUnderFire.Fault>();
            foreach (var call in Enum.GetValues<StoreUnderFire.Call>())
            {
                foreach (var fault in Enum.GetValues<StoreUnderFire.Fault>()
                    .Where(static fault => fault != StoreUnderFire.Fault.None))
                {
                    cases.Add(call, fault);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public Task AtEveryRequest_TheListIsTheOneBeforeOrAfter_AndNoFileIsMissingOrLeft(
        StoreUnderFire.Call call, StoreUnderFire.Fault fault) =>
        new StoreUnderFire([fixture.Server]).RunAtEveryRequestAsync(call, fault);
}
