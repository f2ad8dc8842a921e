using Checkpointing.State;
using CsCheck;

namespace Checkpointing.Tests.State;

public sealed class KeyedTimersTests
{
    private static readonly ValueStateDescriptor<int> Windowed = new("windowed") { Namespace = StateSerializer.Int32 };

    private readonly StateFixture _fixture = new();

    [Fact]
    public async Task TryTakeDue_ManyTimers_GivesThemOnceInOrderOfTimes()
    {
        await using var state = await OpenAsync();
        Register(state, "a", 30, 10, 10, -5);
        Register(state, "b", 20, 10);

        var fired = TakeAll(state, 20);

        fired.Select(static timer => timer.Time.Milliseconds).Should().Equal(-5, 10, 10, 20);
        fired.Select(static timer => timer.Key).Should().BeEquivalentTo("a", "a", "b", "b");
        state.Timers.Count.Should().Be(1);
        TakeAll(state, 29).Should().BeEmpty();
        TakeAll(state, 30).Single().Key.Should().Be("a");
    }

    [Fact]
    public async Task RegisterEventTime_SameTimeInOtherNamespaces_IsAnotherTimer()
    {
        await using var state = await OpenAsync();
        using (state.Keyed.EnterKey("a"))
        {
            state.Timers.RegisterEventTime(new(1));
            foreach (var window in new[] { 7, 8, 7 })
            {
                using var inner = state.Keyed.EnterNamespace(window);
                state.Timers.RegisterEventTime(new(1));
            }
        }

        var fired = TakeAll(state, 1);

        fired.Select(static timer => timer.Namespace.Length).Should().Equal(0, 4, 4);
        using var scope = state.Keyed.EnterKey(fired[2].Key);
        using var stored = state.Keyed.EnterStoredNamespace(fired[2].Namespace.Span);
        state.Keyed.GetState(Windowed).Set(1);
        state.Keyed.ReadAll(Windowed).Single().Namespace.ToArray().Should().Equal(8, 0, 0, 0);
    }

    [Fact]
    public async Task DeleteEventTime_KnownAndUnknown_RemovesTheKnown()
    {
        await using var state = await OpenAsync();
        Register(state, "a", 1, 2);
        using (state.Keyed.EnterKey("a"))
        {
            state.Timers.DeleteEventTime(new(1));
            state.Timers.DeleteEventTime(new(3));
        }

        using (state.Keyed.EnterKey("b"))
        {
            state.Timers.DeleteEventTime(new(2));
        }

        TakeAll(state, 5).Single().Time.Should().Be(new Timestamp(2));
    }

    [Fact]
    public async Task RegisterEventTime_WithoutScope_Throws()
    {
        await using var state = await OpenAsync();

        var act = () => state.Timers.RegisterEventTime(new(1));

        act.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task Timers_NotUsed_SaysWhatToSet()
    {
        await using var state = await _fixture.OpenAsync();

        var act = () => state.Timers;

        act.Should().Throw<InvalidOperationException>().WithMessage("*'op'*UsesTimers*");
    }

    [Fact]
    public async Task OpenAsync_StoredTimersOfAProgramWithout_IsRefused()
    {
        SubtaskSnapshot snapshot;
        await using (var state = await OpenAsync())
        {
            Register(state, "a", 1);
            snapshot = await _fixture.SnapshotAsync(state);
        }

        var act = async () => await StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, Windowed));

        (await act.Should().ThrowAsync<StateMigrationException>()).Which.State.Should().Be("_timers");
    }

    [Fact]
    public async Task TryTakeDueProcessingTime_TimersOfBothClocks_GivesItsOwn()
    {
        await using var state = await OpenAsync();
        Register(state, "a", 10);
        using (state.Keyed.EnterKey("a"))
        {
            state.Timers.RegisterProcessingTime(new(10));
            state.Timers.RegisterProcessingTime(new(20));
            state.Timers.RegisterProcessingTime(new(30));
            state.Timers.DeleteProcessingTime(new(20));
        }

        state.Timers.NextProcessingTime.Should().Be(new Timestamp(10));
        state.Timers.TryTakeDueProcessingTime(new(25), out var timer).Should().BeTrue();
        timer.Time.Should().Be(new Timestamp(10));
        state.Timers.TryTakeDueProcessingTime(new(25), out _).Should().BeFalse();
        state.Timers.NextProcessingTime.Should().Be(new Timestamp(30));
        TakeAll(state, 100).Should().ContainSingle();
    }

    // Model: a set of (clock, time, key). A restore in the middle changes nothing.
    [Fact]
    public void AnyHistory_WithRestores_EqualsASet() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 4], Gen.Int[0, 30], Gen.Enum<TimeDomain>()).Array[0, 120].Sample(
            steps => RunHistoryAsync(steps).GetAwaiter().GetResult(), iter: 40);

    private static async Task RunHistoryAsync((int Kind, int Key, int Time, TimeDomain Domain)[] steps)
    {
        var fixture = new StateFixture();
        var model = new HashSet<(TimeDomain Domain, long Time, string Key)>();
        var state = await StateFixture.OpenAsync(fixture.Context() with { UsesTimers = true });
        foreach (var (kind, keyNumber, time, domain) in steps)
        {
            var key = "k" + keyNumber;
            switch (kind)
            {
                case < 5:
                    Register(state, domain, key, time);
                    model.Add((domain, time, key));
                    break;
                case < 7:
                    Delete(state, domain, key, time);
                    model.Remove((domain, time, key));
                    break;
                case < 9:
                    var due = model.Where(timer => timer.Domain == domain && timer.Time <= time).ToList();
                    var fired = TakeAll(state, time, domain).Select(
                        timer => (domain, timer.Time.Milliseconds, timer.Key)).ToList();
                    fired.Should().BeEquivalentTo(due);
                    fired.Select(static timer => timer.Milliseconds).Should().BeInAscendingOrder();
                    model.ExceptWith(due);
                    break;
                default:
                    var snapshot = await fixture.SnapshotAsync(state);
                    await state.DisposeAsync();
                    state = await StateFixture.OpenAsync(fixture.ContextFrom(snapshot) with { UsesTimers = true });
                    break;
            }

            state.Timers.Count.Should().Be(model.Count);
        }

        await state.DisposeAsync();
    }

    private static void Register(SubtaskState<string> state, TimeDomain domain, string key, long time)
    {
        using var scope = state.Keyed.EnterKey(key);
        if (domain == TimeDomain.EventTime)
        {
            state.Timers.RegisterEventTime(new(time));
        }
        else
        {
            state.Timers.RegisterProcessingTime(new(time));
        }
    }

    private static void Delete(SubtaskState<string> state, TimeDomain domain, string key, long time)
    {
        using var scope = state.Keyed.EnterKey(key);
        if (domain == TimeDomain.EventTime)
        {
            state.Timers.DeleteEventTime(new(time));
        }
        else
        {
            state.Timers.DeleteProcessingTime(new(time));
        }
    }

    private static void Register(SubtaskState<string> state, string key, params long[] times)
    {
        using var scope = state.Keyed.EnterKey(key);
        foreach (var time in times)
        {
            state.Timers.RegisterEventTime(new(time));
        }
    }

    private static List<DueTimer<string>> TakeAll(
        SubtaskState<string> state, long now, TimeDomain domain = TimeDomain.EventTime)
    {
        List<DueTimer<string>> fired = [];
        while (domain == TimeDomain.EventTime
            ? state.Timers.TryTakeDue(new(now), out var timer)
            : state.Timers.TryTakeDueProcessingTime(new(now), out timer))
        {
            fired.Add(timer);
        }

        return fired;
    }

    private ValueTask<SubtaskState<string>> OpenAsync() =>
        StateFixture.OpenAsync(_fixture.Context(Windowed) with { UsesTimers = true });
}
