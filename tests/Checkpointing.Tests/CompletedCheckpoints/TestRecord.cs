using Checkpointing.CompletedCheckpoints;

namespace Checkpointing.Tests.CompletedCheckpoints;

/// <summary>Records of a register for tests.</summary>
internal static class TestRecord
{
    /// <summary>The record of a job that lists nothing. Its epoch is 5, and began with checkpoint 20.</summary>
    public static RegisterRecord Of(JobId job) => new()
    {
        Job = job,
        JobUid = Guid.Empty,
        LineageId = Guid.Empty,
        Epoch = 5,
        Holder = "test",
        NextId = 30,
        FirstIdOfEpoch = 20,
        Token = Guid.Empty,
    };
}
