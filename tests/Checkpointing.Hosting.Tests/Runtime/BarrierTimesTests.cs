using Checkpointing.Hosting.Runtime;
using Checkpointing.State;
using Microsoft.Extensions.Time.Testing;

namespace Checkpointing.Hosting.Tests.Runtime;

public sealed class BarrierTimesTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly BarrierTimes _times = new();

    [Fact]
    public void AddTo_AfterTwoBarriers_HasDelayOfTheFirstAndWaitForTheLast()
    {
        var request = Request(1);
        _time.Advance(TimeSpan.FromMilliseconds(30));
        _times.Add(request, _time);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        _times.Add(request, _time);

        var timed = _times.AddTo(request, _time);

        timed.StartDelay.Should().Be(TimeSpan.FromMilliseconds(30));
        timed.Alignment.Should().Be(TimeSpan.FromMilliseconds(5));
        request.StartDelay.Should().BeNull("what goes downstream stays as it came");
    }

    [Fact]
    public void AddTo_NextCheckpoint_BeginsAnew()
    {
        _times.Add(Request(1), _time);
        _time.Advance(TimeSpan.FromSeconds(1));
        var next = Request(2);
        _times.Add(next, _time);

        _times.AddTo(next, _time).Alignment.Should().Be(TimeSpan.Zero);
    }

    [Fact]
    public void AddTo_NoBarrierCame_LeavesTheRequest()
    {
        var request = Request(1);

        _times.AddTo(request, _time).Should().BeSameAs(request);
    }

    [Fact]
    public void Add_ClockOfTheCoordinatorIsAhead_DelayIsZero()
    {
        var request = Request(1) with { TriggeredAt = _time.GetUtcNow().AddSeconds(1) };
        _times.Add(request, _time);

        _times.AddTo(request, _time).StartDelay.Should().Be(TimeSpan.Zero);
    }

    private SnapshotRequest Request(long id) => new()
    {
        CheckpointId = new(id),
        Kind = CheckpointKind.Checkpoint,
        Base = null,
        Job = "job",
        Epoch = 1,
        Attempt = 0,
        ExclusiveFolder = "job/chk-1",
        TriggeredAt = _time.GetUtcNow(),
    };
}
