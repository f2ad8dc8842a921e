using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.Hosting.Windows;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.Testing.Operators;

namespace Checkpointing.Hosting.Tests.Operators;

/// <summary>Right operators pass, and each way to be wrong is found.</summary>
public sealed class ExactlyOnceTests
{
    private static readonly List<Order> s_orders = Orders.Generate(120, seed: 5, customers: 8, maxLagMs: 400);

    [Fact]
    public async Task VerifyAsync_OperatorWithTimersOfBothClocks_Passes()
    {
        var report = await ExactlyOnce.VerifyAsync(
            static () => new Sessions(), static (Order order) => order.Customer, s_orders, Options(seeds: 100));

        report.Seeds.Should().Be(100);
        report.Crashes.Should().Be(300);
        report.Restores.Should().BeGreaterThan(150, "else little was tried");
        report.Rescalings.Should().BeGreaterThan(80);
        report.Checkpoints.Should().BeGreaterThan(300);
        report.ReplayedRecords.Should().BeGreaterThan(3_000);
    }

    [Fact]
    public Task VerifyAsync_WindowsWithLateRecords_Passes() => VerifyWindowsAsync(new(
        SlidingWindows.Of(TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(100)), 50,
        new OutputTag<Order>("late")));

    [Fact]
    public Task VerifyAsync_WindowsOfProcessingTime_Passes() =>
        VerifyWindowsAsync(new(TumblingWindows.OfProcessingTime(TimeSpan.FromSeconds(10))));

    [Fact]
    public async Task VerifyAsync_OnRocksDb_PassesAndFindsASlip()
    {
        using var folder = new TemporaryFolder();
        var backend = new RocksDbBackendFactory(new() { WorkingDirectory = folder.File("work") });
        var options = Options(seeds: 2);
        options.Backend = backend;

        var report = await ExactlyOnce.VerifyAsync(
            static () => new Sessions(), static (Order order) => order.Customer, s_orders, options);
        var slip = FluentActions.Awaiting(() => ExactlyOnce.VerifyAsync(
            static () => new Wrong(Slip.CountInField), static (Order order) => order.Customer, s_orders, options));

        report.Restores.Should().BeGreaterThan(2);
        await slip.Should().ThrowAsync<ExactlyOnceException>();
    }

    [Theory]
    [InlineData(Slip.CountInField, "*expected *, found *")]
    [InlineData(Slip.CountInStaticField, "*expected *, found *")]
    [InlineData(Slip.CachedState, "State 'count' of key '*, before the end of the input: expected *, found *")]
    [InlineData(Slip.ChangeWithoutSet, "*changed an object that state 'bytes' had handed out, and did not set it*")]
    [InlineData(Slip.WallClock, "Record * that was emitted for key '*': expected *, found *")]
    [InlineData(Slip.RandomNumber, "Record * that was emitted for key '*': expected *, found *")]
    [InlineData(Slip.EmitInDispose, "*emitted a record outside Process and OnTimer*")]
    [InlineData(Slip.ForgetAtCheckpoint, "*expected *, found *")]
    [InlineData(Slip.ThrowAfterRestore, "*the run with crashes failed. InvalidOperationException: No customer*")]
    public async Task VerifyAsync_OperatorWithASlip_NamesSeedDifferenceAndReplay(Slip slip, string difference)
    {
        var failure = await FailAsync(slip, Options());

        failure.Message.Should().Match($"Seed {failure.Seed}: *{difference}*To replay it: FirstSeed = {failure.Seed}, "
            + "Seeds = 1, Crashes = 3, MaxParallelism = 4*");
        (failure.InnerException is not null).Should().Be(
            slip is Slip.ChangeWithoutSet or Slip.EmitInDispose or Slip.ThrowAfterRestore);
    }

    // A count of a subtask depends on how many there are as well: here it is the crash alone that shows it.
    [Fact]
    public async Task VerifyAsync_OneSubtaskOnly_FindsWhatACrashLoses()
    {
        var options = Options();
        options.MaxParallelism = 1;

        (await FailAsync(Slip.CountInField, options)).Message.Should().Contain("crash after");
    }

    [Theory]
    [InlineData(Slip.CountInField)]
    [InlineData(Slip.CachedState)]
    [InlineData(Slip.ThrowAfterRestore)]
    public async Task VerifyAsync_SeedOfAFailure_FailsAlike(Slip slip)
    {
        var first = await FailAsync(slip, Options(firstSeed: 40));

        var again = await FailAsync(slip, Options(firstSeed: first.Seed, seeds: 1));

        again.Message.Should().Be(first.Message);
    }

    [Fact]
    public async Task VerifyAsync_OutputWithoutEquality_AsksForAComparer()
    {
        var options = new ExactlyOnceOptions<string, Order, byte[]> { Seeds = 2 };
        Task<ExactlyOnceReport> VerifyAsync() => ExactlyOnce.VerifyAsync(
            static () => new Bytes(), static (Order order) => order.Customer, s_orders, options);

        await FluentActions.Awaiting(VerifyAsync).Should().ThrowAsync<ExactlyOnceException>()
            .WithMessage("*They look the same*OutputComparer*");
        options.OutputComparer = EqualityComparer<byte[]>.Create(
            static (left, right) => left.AsSpan().SequenceEqual(right), static bytes => bytes.Length);
        (await VerifyAsync()).Seeds.Should().Be(2);
    }

    [Fact]
    public async Task VerifyAsync_OrderOfStaticCalls_IsNamedAsAnotherOrder()
    {
        var turn = 0;
        var failure = await FluentActions.Awaiting(() => ExactlyOnce.VerifyAsync(
                () => new Swapping(turn++ > 0), static (Order order) => order.Customer, s_orders.Take(4),
                new() { Seeds = 1, MaxParallelism = 1 }))
            .Should().ThrowAsync<ExactlyOnceException>();

        failure.Which.Message.Should().Contain("the same records, in another order");
    }

    [Fact]
    public async Task VerifyAsync_BadArguments_AreNamed()
    {
        await FluentActions.Awaiting(() => VerifyAsync([], Options())).Should().ThrowAsync<ArgumentException>()
            .WithMessage("*nothing is tried*");
        await FluentActions.Awaiting(() => VerifyAsync(s_orders, Options(seeds: 0))).Should()
            .ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*Seeds*");
        await FluentActions.Awaiting(() => VerifyAsync(s_orders, new() { MaxParallelism = 129 })).Should()
            .ThrowAsync<ArgumentOutOfRangeException>().WithMessage("*MaxParallelism*");

        static Task VerifyAsync(List<Order> orders, ExactlyOnceOptions<string, Order, string> options) =>
            ExactlyOnce.VerifyAsync(
                static () => new Sessions(), static (Order order) => order.Customer, orders, options);
    }

    [Fact]
    public async Task VerifyAsync_Cancelled_ThrowsForItsToken()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();

        var failure = await FluentActions.Awaiting(() => ExactlyOnce.VerifyAsync(
                static () => new Sessions(), static (Order order) => order.Customer, s_orders, Options(), source.Token))
            .Should().ThrowAsync<OperationCanceledException>();

        failure.Which.CancellationToken.Should().Be(source.Token);
    }

    private static Task<ExactlyOnceReport> VerifyWindowsAsync(WindowSettings<Order> settings)
    {
        var records = new ListStateDescriptor<Order>("records", new Order.Serializer())
        {
            Namespace = TimeWindow.Serializer,
        };
        return ExactlyOnce.VerifyAsync(
            () => new ProcessWindowOperator<string, Order, string>(settings, records, new Listing()),
            static (Order order) => order.Customer, s_orders, Options());
    }

    private static async Task<ExactlyOnceException> FailAsync(
        Slip slip, ExactlyOnceOptions<string, Order, string> options)
    {
        var failure = await FluentActions.Awaiting(() => ExactlyOnce.VerifyAsync(
                () => new Wrong(slip), static (Order order) => order.Customer, s_orders, options))
            .Should().ThrowAsync<ExactlyOnceException>();
        TestContext.Current.TestOutputHelper?.WriteLine(failure.Which.Message);
        return failure.Which;
    }

    private static ExactlyOnceOptions<string, Order, string> Options(int firstSeed = 1, int seeds = 20) => new()
    {
        FirstSeed = firstSeed,
        Seeds = seeds,
        TimestampOf = static order => new(order.TimeMs),
        MaxOutOfOrderness = TimeSpan.FromMilliseconds(200),
    };

    /// <summary>Sums until a second of event time has passed, and says after ten of processing time what it
    /// has.</summary>
    private sealed class Sessions : KeyedOperator<string, Order, string>
    {
        private static readonly ValueStateDescriptor<long> s_sum = new("sum");
        private static readonly MapStateDescriptor<long, byte[]> s_amounts = new("amounts");
        private ValueState<long> _sum = null!;
        private MapState<long, byte[]> _amounts = null!;

        public override IReadOnlyList<StateDescriptor> States => [s_sum, s_amounts];

        public override void Open(KeyedOperatorContext<string> context) =>
            (_sum, _amounts) = (context.GetState(s_sum), context.GetState(s_amounts));

        public override void Process(Order value, KeyedElementContext<string> context, Emitter<string> output)
        {
            if (value.TimeMs <= context.Watermark.Milliseconds)
            {
                output.Emit($"late {value.Amount}");
                return;
            }

            _sum.Set(_sum.GetOrDefault() + value.Amount);
            _amounts.Set(value.TimeMs, [(byte)value.Amount]);
            context.Timers.RegisterEventTime(new(value.TimeMs + 1_000));
            context.Timers.RegisterProcessingTime(new(context.ProcessingTime.Milliseconds + 10_000));
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<string> context, Emitter<string> output)
        {
            output.Emit($"{context.Key} {timer.Domain} {_sum.GetOrDefault()} at {context.ProcessingTime}");
            if (timer.Domain == TimeDomain.EventTime)
            {
                _amounts.Remove(timer.Time.Milliseconds - 1_000);
                if (_amounts.IsEmpty)
                {
                    _sum.Clear();
                }
            }
        }
    }

    /// <summary>Says what is in a window.</summary>
    private sealed class Listing : WindowFunction<string, Order, string>
    {
        public override void Process(
            string key, TimeWindow window, IReadOnlyList<Order> records, Emitter<string> output) =>
            output.Emit($"{key} {window.Start}: {string.Join(' ', records.Select(static order => order.Amount))}");
    }

    /// <summary>Emits what has no equality by value.</summary>
    private sealed class Bytes : KeyedOperator<string, Order, byte[]>
    {
        public override void Process(Order value, KeyedElementContext<string> context, Emitter<byte[]> output) =>
            output.Emit([(byte)value.Amount]);
    }

    /// <summary>Emits two texts, in one order or the other.</summary>
    private sealed class Swapping(bool isSwapped) : KeyedOperator<string, Order, string>
    {
        public override void Process(Order value, KeyedElementContext<string> context, Emitter<string> output)
        {
            output.Emit(isSwapped ? "b" : "a");
            output.Emit(isSwapped ? "a" : "b");
        }
    }
}
