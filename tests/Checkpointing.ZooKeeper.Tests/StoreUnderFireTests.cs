using Checkpointing.Storage.InMemory;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>The connection is cut, or the session ended, at every request of every call that touches the register:
/// afterwards the list is the one before the call or the one after it, and nothing is missing or left over.</summary>
public sealed class StoreUnderFireTests(ZooKeeperServerFixture fixture) : IClassFixture<ZooKeeperServerFixture>
{
    public enum Call
    {
        FirstStart = 0,
        Add = 1,
        AddThatSubsumes = 2,
        Recover = 3,
    }

    public enum Fault
    {
        None = 0,
        CutBeforeTheServerHasIt = 1,
        CutAfterTheServerDidIt = 2,
        SessionEnded = 3,
    }

    public static TheoryData<Call, Fault> Cases
    {
        get
        {
            var cases = new TheoryData<Call, Fault>();
            foreach (var call in Enum.GetValues<Call>())
            {
                foreach (var fault in Enum.GetValues<Fault>().Where(static fault => fault != Fault.None))
                {
                    cases.Add(call, fault);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task AtEveryRequest_TheListIsTheOneBeforeOrAfter_AndNoFileIsMissingOrLeft(Call call, Fault fault)
    {
        var requests = await RunAsync(call, Fault.None, 0);
        requests.Should().BePositive("the call touches the register");
        for (var request = 1; request <= requests; request++)
        {
            await RunAsync(call, fault, request);
        }
    }

    /// <returns>Requests that the call sent.</returns>
    private async Task<int> RunAsync(Call call, Fault fault, int request)
    {
        var what = $"{call}, {fault} at request {request}";
        var root = fixture.NewRoot();
        var storage = new InMemoryCheckpointStorage();
        var job = new JobId("job");
        await using var relay = new TcpRelay(fixture.Server.Port);
        await using var register = Register(relay.Address + root[root.IndexOf('/', StringComparison.Ordinal)..]);
        var before = new List<long>();
        SmallJob? first = null;
        if (call != Call.FirstStart)
        {
            first = new(storage, register, job);
            await first.StartAsync();
            for (var i = 0; i < (call == Call.Add ? 1 : 2); i++)
            {
                before.Add(await first.CheckpointAsync());
            }
        }

        if (call is Call.FirstStart or Call.Recover)
        {
            await (first?.DisposeAsync() ?? ValueTask.CompletedTask);
            first = new(storage, register, job);
        }

        var framesBefore = relay.Frames;
        Arm(relay, register, fault, request);
        long? added = null;
        CheckpointingException? failure = null;
        try
        {
            if (call is Call.Add or Call.AddThatSubsumes)
            {
                added = await first!.CheckpointAsync();
            }
            else
            {
                await first!.StartAsync();
            }
        }
        catch (CheckpointingException e)
        {
            failure = e;
        }

        var requests = relay.Frames - framesBefore;
        if (fault is Fault.CutBeforeTheServerHasIt or Fault.CutAfterTheServerDidIt)
        {
            relay.Cuts.Should().Be(1, what);
        }

        // The process dies; another takes over.
        await first!.DisposeAsync();
        await using var direct = Register(root);
        await using (var second = new SmallJob(storage, direct, job))
        {
            await second.StartAsync();
            CheckList(second.Listed, before, call, added, failure, what);
            var found = await StoredFiles.LookAsync(storage, direct, job);
            found.Listed.Should().Equal(second.Listed, what);
            found.Missing.Should().BeEmpty(what);
            found.Orphans.Should().BeEmpty("{0}: the take-over sweeps", what);
            (await second.CheckpointAsync()).Should().BeGreaterThan(before.Append(added ?? 0).Max(), what);
        }

        var last = await StoredFiles.LookAsync(storage, direct, job);
        last.Missing.Should().BeEmpty(what);
        last.Orphans.Should().BeEmpty(what);
        return requests;
    }

    private static void CheckList(
        IReadOnlyList<long> list, List<long> before, Call call, long? added, CheckpointingException? failure,
        string what)
    {
        var kept = call == Call.AddThatSubsumes ? before.Skip(1) : before;
        if (call is Call.FirstStart or Call.Recover)
        {
            list.Should().Equal(before, "{0}: recovering changes no list", what);
        }
        else if (failure is null)
        {
            list.Should().Equal(kept.Append(added!.Value), "{0}: it said that it is in", what);
        }
        else if (failure is CheckpointDeclinedException { Reason: CheckpointFailureReason.RegisterWriteFailed })
        {
            list.Should().Equal(before, "{0}: it said that it is not in ({1})", what, failure.Message);
        }
        else
        {
            (list.SequenceEqual(before) || list.SkipLast(1).SequenceEqual(kept)).Should().BeTrue(
                "{0}: {1} is neither the list before nor the one after", what, string.Join(',', list));
        }
    }

    private void Arm(TcpRelay relay, ZooKeeperCheckpointRegister register, Fault fault, int request)
    {
        switch (fault)
        {
            case Fault.CutBeforeTheServerHasIt or Fault.CutAfterTheServerDidIt:
                relay.CutAt(request, fault == Fault.CutBeforeTheServerHasIt);
                break;
            case Fault.SessionEnded:
                relay.ActAt(
                    request,
                    () => SessionExpiry.ForceAsync(fixture.Server.Address, register.Client.SessionSecret));
                break;
        }
    }

    private static ZooKeeperCheckpointRegister Register(string connectionString) => new(new()
    {
        ConnectionString = connectionString,
        SessionTimeout = TimeSpan.FromSeconds(60),
        RequestTimeout = TimeSpan.FromSeconds(120),
    });
}
