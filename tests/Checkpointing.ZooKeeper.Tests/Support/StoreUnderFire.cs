using Checkpointing.Storage.InMemory;
using Checkpointing.ZooKeeper.Servers;

namespace Checkpointing.ZooKeeper.Tests.Support;

/// <summary>A job whose connection is cut, or whose session is ended, at one request of one call; another coordinator
/// then takes over, and what it finds is looked at.</summary>
/// <param name="servers">The server, or the members of an ensemble: a connection that was cut goes on at the last one,
/// the other coordinator is at one between.</param>
public sealed class StoreUnderFire(IReadOnlyList<ZooKeeperServer> servers)
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

    /// <summary>Runs the call once to count its requests, then once for each, with the fault at that one.</summary>
    public async Task RunAtEveryRequestAsync(Call call, Fault fault)
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
        var root = $"/test-{Guid.NewGuid():N}";
        var storage = new InMemoryCheckpointStorage();
        var job = new JobId("job");
        await using var relay = new TcpRelay(servers[0].Port);
        await using var register = Register(relay.Address + root);
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

        // Whoever has to connect again finds another server, if there is one.
        relay.ServerPort = servers[^1].Port;
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
        await using var direct = Register(servers[servers.Count / 2].Address + root);
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
                    () => SessionExpiry.ForceAsync(servers[0].Address, register.Client.SessionSecret));
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
