using Checkpointing.CompletedCheckpoints;
using Checkpointing.ZooKeeper.Protocol;
using Checkpointing.ZooKeeper.Tests.Support;

namespace Checkpointing.ZooKeeper.Tests;

/// <summary>Members of an ensemble of three are killed, stopped and cut off: the session and the register go
/// on.</summary>
public sealed class ZooKeeperEnsembleTests(ZooKeeperEnsemble ensemble)
    : IClassFixture<ZooKeeperEnsemble>, IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly JobId _job = new("job-" + Guid.NewGuid().ToString("N"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await ensemble.HealAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task LeaderKilled_SessionAndRegisterGoOn() =>
        await GoesOnAsync(async () => await (await ensemble.LeaderAsync()).KillAsync());

    [Fact]
    public async Task LeaderStopped_AnotherLeads_SessionAndRegisterGoOn() => await GoesOnAsync(async () =>
    {
        var leader = await ensemble.LeaderAsync();
        ensemble.Stop(leader);
        (await ensemble.LeaderAsync()).Should().NotBeSameAs(leader);
    });

    [Fact]
    public async Task FollowersKilledInTurn_SessionAndRegisterGoOn() => await GoesOnAsync(async () =>
    {
        var leader = await ensemble.LeaderAsync();
        foreach (var follower in ensemble.Members.Where(member => member != leader).ToList())
        {
            await follower.KillAsync();
            await follower.LaunchAsync();
        }
    });

    [Theory]
    [MemberData(nameof(StoreUnderFireTests.Cases), MemberType = typeof(StoreUnderFireTests))]
    public Task Store_CutAtEveryRequestAndGoingOnAtAnotherMember_IsBeforeOrAfter(
        StoreUnderFire.Call call, StoreUnderFire.Fault fault) =>
        new StoreUnderFire(ensemble.Members).RunAtEveryRequestAsync(call, fault);

    [Fact]
    public async Task Read_AtAServerThatLags_IsNeverStale()
    {
        var leader = await ensemble.LeaderAsync();
        var lagging = ensemble.Members.First(member => member != leader);
        await using var writer = Register(leader.Address);
        await using var reader = Register(lagging.Address);
        var version = 0L;
        for (var round = 0; round < 3; round++)
        {
            await reader.ReadAsync(_job, Cancellation);
            ensemble.Stop(lagging);

            // So many that it has to catch up for a while when it goes on; the read waits at its door by then.
            for (var i = 0; i < 100; i++, version++)
            {
                var isWritten = await writer.TryReplaceAsync(_job, version, new byte[] { (byte)i }, Cancellation);
                isWritten.Should().Be(RegisterReplacement.Replaced);
            }

            var reading = reader.ReadAsync(_job, Cancellation).AsTask();
            ensemble.Continue(lagging);
            ((await reading)?.Version).Should().Be(version, "what was acknowledged before the read is seen");
        }
    }

    [Fact]
    public async Task QuorumLost_TheServerThatOnlyReadsIsRefused_AndTheSessionOutlivesIt()
    {
        var survivor = ensemble.Members[0];
        await using var patient = Register(survivor.Address);
        await patient.TryReplaceAsync(_job, 0, new byte[] { 1 }, Cancellation);
        var (session, lost) = (patient.Client.SessionId, patient.Client.SessionLost);
        foreach (var other in ensemble.Members.Skip(1))
        {
            await other.KillAsync();
        }

        await Eventually.IsTrueAsync(
            async () => await survivor.ModeAsync() == "read-only", "a server without a quorum only reads");
        await using (var hasty = Register(survivor.Address, TimeSpan.FromSeconds(5)))
        {
            var read = async () => await hasty.ReadAsync(_job, Cancellation);
            (await read.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which.Message.Should()
                .Contain("is read-only");
            var replace = async () => await hasty.TryReplaceAsync(_job, 1, new byte[] { 2 }, Cancellation);
            var refused = (await replace.Should().ThrowAsync<CheckpointStorageUnavailableException>()).Which;
            refused.Message.Should().Contain("is read-only");
            refused.ChangedNothing.Should().BeTrue("it never left");
        }

        var problem = patient.Client.LastProblem;
        var replacing = patient.TryReplaceAsync(_job, 1, new byte[] { 2 }, Cancellation).AsTask();
        await ensemble.HealAsync();
        (await replacing).Should().Be(RegisterReplacement.Replaced);
        lost.IsCancellationRequested.Should().BeFalse(problem);
        patient.Client.SessionId.Should().Be(session);
    }

    /// <summary>Writes before, during and after; every acknowledged write stays, and no version is skipped.</summary>
    private async Task GoesOnAsync(Func<Task> harm)
    {
        await using var register = Register(ensemble.Address);
        await using var other = Register(ensemble.Address);
        await register.TryReplaceAsync(_job, 0, new byte[] { 1 }, Cancellation);
        await register.Client.CreateAsync(
            $"/{_job.Name}-e", default, isEphemeral: true, cancellationToken: Cancellation);
        var (session, lost) = (register.Client.SessionId, register.Client.SessionLost);

        using var isHarmed = new CancellationTokenSource();
        var writing = WriteOnAsync(register, isHarmed.Token);
        await harm();
        await isHarmed.CancelAsync();
        var last = await writing;

        var seen = await other.ReadAsync(_job, Cancellation);
        seen!.Version.Should().Be(last);
        seen.Record.ToArray().Should().Equal(BitConverter.GetBytes(last));
        lost.IsCancellationRequested.Should().BeFalse();
        register.Client.SessionId.Should().Be(session);
        (await register.Client.ExistsAsync($"/{_job.Name}-e", cancellationToken: Cancellation))!.EphemeralOwner.Should()
            .Be(session);
        await ensemble.HealAsync();
        (await register.TryReplaceAsync(_job, last, new byte[] { 1 }, Cancellation)).Should()
            .Be(RegisterReplacement.Replaced);
    }

    /// <returns>The version of the last write.</returns>
    private async Task<long> WriteOnAsync(ZooKeeperCheckpointRegister register, CancellationToken isHarmed)
    {
        var version = 1L;
        for (var more = 3; more > 0; more -= isHarmed.IsCancellationRequested ? 1 : 0)
        {
            var record = BitConverter.GetBytes(version + 1);
            var outcome = await register.TryReplaceAsync(_job, version, record, Cancellation);
            while (outcome == RegisterReplacement.Unknown)
            {
                // As the policy above does it: look, and if it is not in, replace what was found.
                var found = (await register.ReadAsync(_job, Cancellation))!;
                outcome = found.Version == version + 1 ? RegisterReplacement.Replaced
                    : await register.TryReplaceAsync(_job, version, record, Cancellation);
                outcome = outcome == RegisterReplacement.Lost ? RegisterReplacement.Unknown : outcome;
                found.Version.Should().BeInRange(version, version + 1);
            }

            outcome.Should().Be(RegisterReplacement.Replaced);
            version++;
        }

        return version;
    }

    private static ZooKeeperCheckpointRegister Register(string address, TimeSpan? requestTimeout = null) => new(new()
    {
        ConnectionString = address,
        SessionTimeout = s_patience,
        RequestTimeout = requestTimeout ?? 2 * s_patience,
    });
}
