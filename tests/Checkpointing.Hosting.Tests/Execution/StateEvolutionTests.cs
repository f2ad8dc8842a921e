using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Checkpointing.CompletedCheckpoints;
using Checkpointing.Coordination;
using Checkpointing.Hosting.Operators;
using Checkpointing.Hosting.Sinks;
using Checkpointing.Hosting.Sources;
using Checkpointing.Hosting.Tests.Support;
using Checkpointing.RocksDb;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;

namespace Checkpointing.Hosting.Tests.Execution;

/// <summary>A program is changed between two runs: the type of its values, its states, its operators. What fits goes
/// on,
/// what does not is refused before anything has happened.</summary>
public sealed class StateEvolutionTests
{
    private const int Count = 600;
    private const int FirstEnd = 250;
    private const int SecondEnd = 450;
    private const int Keys = 17;

    public enum Backend
    {
        Heap = 0,
        RocksDbIncremental = 1,
        RocksDbFull = 2,
    }

    public enum From
    {
        Checkpoint = 0,
        CanonicalSavepoint = 1,
        NativeSavepoint = 2,
    }

    public static TheoryData<Backend, From, ClaimMode> AllWays
    {
        get
        {
            var all = new TheoryData<Backend, From, ClaimMode>();
            foreach (var backend in Enum.GetValues<Backend>())
            {
                foreach (var from in Enum.GetValues<From>())
                {
                    if (from != From.NativeSavepoint || backend == Backend.RocksDbIncremental)
                    {
                        all.Add(backend, from, ClaimMode.NoClaim);
                        all.Add(backend, from, ClaimMode.Claim);
                    }
                }
            }

            return all;
        }
    }

    /// <summary>Version 1 runs, version 2 migrates, goes on and takes a checkpoint, version 2 goes on from that
    /// one.</summary>
    [Theory]
    [MemberData(nameof(AllWays))]
    public async Task StartAsync_ValueTypeHasChangedAndIsRead_ValuesAreMigrated(
        Backend backend, From from, ClaimMode mode)
    {
        await using var fixture = Fixture(backend);
        var first = await RunAsync(fixture, "first", new(1), FirstEnd, 2, null, mode, from);
        var second = await RunAsync(fixture, "second", new(2), SecondEnd, 3, first.Path, mode, from);
        await using var last = await fixture.Host.StartAsync(
            Define(fixture, new(2), Count), Options("last", 1, second.Path, mode), fixture.Deadline);
        await last.Completion.WaitAsync(fixture.Deadline);

        File.ReadLines(fixture.Totals).Order(StringComparer.Ordinal).Should().Equal(Expected(FirstEnd));
    }

    [Theory]
    [InlineData(Backend.Heap, ClaimMode.NoClaim)]
    [InlineData(Backend.Heap, ClaimMode.Claim)]
    [InlineData(Backend.RocksDbIncremental, ClaimMode.NoClaim)]
    [InlineData(Backend.RocksDbIncremental, ClaimMode.Claim)]
    public async Task StartAsync_ValueTypeIsNotRead_IsRefusedAndTheCheckpointStaysWhoseItWas(
        Backend backend, ClaimMode mode)
    {
        await using var fixture = Fixture(backend);
        var checkpoint = await RunAsync(fixture, "first", new(2), FirstEnd, 2, null, mode);

        var starting = () => fixture.Host.StartAsync(
            Define(fixture, new(1), Count), Options("older", 2, checkpoint.Path, mode), fixture.Deadline);

        var refused = (await starting.Should().ThrowAsync<StateMigrationException>()).Which;
        refused.Operator.Should().Be("readings");
        refused.State.Should().Be("value");
        refused.Stored.Should().Contain("test.reading").And.Contain("2");
        refused.Wanted.Should().Contain("test.reading").And.Contain("1");
        refused.Message.Should().Contain("Run the program that wrote it, or give the state a new name.");

        // Nothing was claimed and no output was touched: the right program goes on under its own name.
        await using var run = await fixture.Host.StartAsync(
            Define(fixture, new(2), Count), Options("first", 3, null, mode), fixture.Deadline);
        run.RestoredFrom.Should().Be(checkpoint.Path);
        await run.Completion.WaitAsync(fixture.Deadline);
        File.ReadLines(fixture.Totals).Order(StringComparer.Ordinal).Should().Equal(Expected(0));
    }

    [Theory]
    [InlineData(Backend.Heap)]
    [InlineData(Backend.RocksDbIncremental)]
    public async Task StartAsync_StateIsNotDeclaredAnyMore_IsNamedOrLeftBehind(Backend backend)
    {
        await using var fixture = Fixture(backend);
        var checkpoint = await RunAsync(fixture, "first", new(1), FirstEnd, 2, null, ClaimMode.NoClaim);
        var without = new Program(1) { HasList = false };

        var starting = () => fixture.Host.StartAsync(
            Define(fixture, without, Count), Options("second", 2, checkpoint.Path), fixture.Deadline);

        var refused = (await starting.Should().ThrowAsync<StateMigrationException>()).Which;
        (refused.Operator, refused.State).Should().Be(("readings", "list"));
        refused.Message.Should().Contain("AllowNonRestoredState");
        var options = Options("third", 3, checkpoint.Path);
        options.AllowNonRestoredState = true;
        await using var run = await fixture.Host.StartAsync(Define(fixture, without, Count), options, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);
        File.ReadLines(fixture.Totals).Order(StringComparer.Ordinal).Should().Equal(Expected(Count, hasList: false));
    }

    [Theory]
    [InlineData(Backend.Heap)]
    [InlineData(Backend.RocksDbIncremental)]
    public async Task StartAsync_OperatorIsGone_IsNamedOrLeftBehind(Backend backend)
    {
        await using var fixture = Fixture(backend);
        var checkpoint = await RunAsync(
            fixture, "first", new(1) { ExtraOperator = "extra" }, FirstEnd, 2, null, ClaimMode.NoClaim);

        var starting = () => fixture.Host.StartAsync(
            Define(fixture, new(1), Count), Options("second", 2, checkpoint.Path), fixture.Deadline);

        (await starting.Should().ThrowAsync<StateMigrationException>()).Which.Operator.Should().Be("extra");
        var options = Options("third", 1, checkpoint.Path);
        options.AllowNonRestoredState = true;
        await using var run = await fixture.Host.StartAsync(Define(fixture, new(1), Count), options, fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);
        File.ReadLines(fixture.Totals).Order(StringComparer.Ordinal).Should().Equal(Expected(Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StartAsync_UnderTheNameOfARunningJobThatItDoesNotFit_LeavesThatAlone(bool lacksAnOperator)
    {
        await using var fixture = Fixture(Backend.Heap);
        await using var running = await fixture.Host.StartAsync(
            Define(fixture, new(2) { ExtraOperator = lacksAnOperator ? "extra" : null }, FirstEnd),
            Options("one", 2, null), fixture.Deadline);
        await running.WaitForSourceIdleAsync(fixture.Deadline);
        await running.TriggerCheckpointAsync(fixture.Deadline);
        await using var other = new InProcessHostBuilder(fixture.Storage).Build();

        var starting = () => other.StartAsync(
            Define(fixture, new(lacksAnOperator ? 2 : 1), Count), Options("one", 2, null), fixture.Deadline);

        (await starting.Should().ThrowAsync<StateMigrationException>()).Which.Operator.Should().Be(
            lacksAnOperator ? "extra" : "readings");
        running.Completion.IsCompleted.Should().BeFalse();
        await running.TriggerCheckpointAsync(fixture.Deadline);
        running.Epoch.Should().Be(1, "nobody has taken the next one");
    }

    [Theory]
    [InlineData(Backend.Heap)]
    [InlineData(Backend.RocksDbIncremental)]
    public async Task StartAsync_NewStateAndNewOperator_BeginEmpty(Backend backend)
    {
        await using var fixture = Fixture(backend);
        var checkpoint = await RunAsync(
            fixture, "first", new(1) { HasList = false }, FirstEnd, 2, null, ClaimMode.NoClaim);
        await using var run = await fixture.Host.StartAsync(
            Define(fixture, new(1) { ExtraOperator = "extra" }, Count), Options("second", 2, checkpoint.Path),
            fixture.Deadline);
        await run.Completion.WaitAsync(fixture.Deadline);

        File.ReadLines(fixture.Totals).Order(StringComparer.Ordinal).Should().Equal(
            Expected(Count, listFrom: FirstEnd), "the list holds what came since");
    }

    private static JobFixture Fixture(Backend backend) => new(
        folder => backend == Backend.Heap
            ? new HeapBackendFactory()
            : new RocksDbBackendFactory(new()
            {
                WorkingDirectory = folder,
                Snapshots = backend == Backend.RocksDbFull ? RocksDbSnapshotMode.Full : RocksDbSnapshotMode.Incremental,
            }),
        options: null);

    private static StartOptions Options(
        string name, int parallelism, string? from, ClaimMode mode = ClaimMode.NoClaim) => new()
        {
            Name = name,
            Parallelism = parallelism,
            ResumeFrom = from,
            ClaimMode = mode,
            Retention = CheckpointRetention.OnCancellation,
        };

    private static async Task<CompletedCheckpoint> RunAsync(
        JobFixture fixture, string name, Program program, int end, int parallelism, string? path, ClaimMode mode,
        From from = From.Checkpoint)
    {
        await using var run = await fixture.Host.StartAsync(
            Define(fixture, program, end), Options(name, parallelism, path, mode), fixture.Deadline);
        await run.WaitForSourceIdleAsync(fixture.Deadline);
        var taken = from == From.Checkpoint
            ? await run.TriggerCheckpointAsync(fixture.Deadline)
            : await run.TriggerSavepointAsync(
                "savepoints", from == From.NativeSavepoint ? SavepointFormat.Native : SavepointFormat.Canonical,
                fixture.Deadline);
        await run.CancelAsync(fixture.Deadline);
        return taken;
    }

    private static StreamJob Define(JobFixture fixture, Program program, int end)
    {
        var job = new StreamJobBuilder("evolving", 32);
        ISource<int> source = new ListSource<int>([.. Enumerable.Range(0, Count)]);
        var numbers = job.AddSource("numbers", end == Count ? source : source.PausingAfter(end));
        numbers.KeyBy(static number => number % Keys)
            .Process("readings", () => new ReadingsOperator(program))
            .AddSink("file", new TwoPhaseFileSink<string>(fixture.Totals, static row => row));
        if (program.ExtraOperator is { } extra)
        {
            numbers.KeyBy(static number => number % Keys)
                .Process(extra, () => new ReadingsOperator(new(1)))
                .AddSink(extra + "-out", new CollectingSink<string>());
        }

        return job.Build();
    }

    /// <summary>One row a key, with all its states at the end.</summary>
    /// <param name="migratedUpTo">Numbers below it were written by version 1, which stored no unit.</param>
    /// <param name="hasList">Whether there is a list.</param>
    /// <param name="listFrom">The first number in it.</param>
    private static IEnumerable<string> Expected(int migratedUpTo, bool hasList = true, int listFrom = 0)
    {
        return Enumerable.Range(0, Keys).Select(Row).Order(StringComparer.Ordinal);

        string Row(int key)
        {
            var readings = Enumerable.Range(0, Count).Where(number => number % Keys == key).Select(number =>
                new Reading(number, number < migratedUpTo ? Reading.OldUnit : Reading.NewUnit)).ToList();
            var (sum, max) = (readings.Sum(static reading => reading.Amount), readings.Max(static r => r.Unit));
            return RowOf(
                key, readings[^1], hasList ? readings.Where(reading => reading.Amount >= listFrom) : [],
                readings.Select(static reading => (reading.Amount % 5, reading)), new(sum, max));
        }
    }

    private static string RowOf(
        int key, Reading value, IEnumerable<Reading> list, IEnumerable<(long Key, Reading Value)> map, Reading reduced)
    {
        var newest = map.GroupBy(static entry => entry.Key).OrderBy(static group => group.Key)
            .Select(static group => $"{group.Key}={group.Last().Value}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{key:D2}: {value}; [{string.Join(' ', list)}]; {{{string.Join(' ', newest)}}}; {reduced}");
    }

    /// <summary>A version of the program.</summary>
    /// <param name="Version">Of the serializer of its values.</param>
    private sealed record Program(int Version)
    {
        public bool HasList { get; init; } = true;

        public string? ExtraOperator { get; init; }
    }

    /// <summary>The type whose stored form changes.</summary>
    private readonly record struct Reading(long Amount, int Unit)
    {
        public const int OldUnit = 1;
        public const int NewUnit = 9;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Amount}/{Unit}");
    }

    /// <summary>Version 1 stores the amount alone; version 2 the unit, too, and reads version 1.</summary>
    private sealed class ReadingSerializer(int version) : StateSerializer<Reading>
    {
        public override SerializerIdentity Identity { get; } = new("test.reading", version);

        public override void Write(Reading value, IBufferWriter<byte> target)
        {
            var size = version == 1 ? 8 : 12;
            var span = target.GetSpan(size);
            BinaryPrimitives.WriteInt64LittleEndian(span, value.Amount);
            if (version == 2)
            {
                BinaryPrimitives.WriteInt32LittleEndian(span[8..], value.Unit);
            }

            target.Advance(size);
        }

        public override Reading Read(ReadOnlySpan<byte> source) => new(
            BinaryPrimitives.ReadInt64LittleEndian(source),
            version == 1 ? Reading.OldUnit : BinaryPrimitives.ReadInt32LittleEndian(source[8..]));

        public override SerializerCompatibility CheckStored(SerializerIdentity stored) =>
            stored.Id != Identity.Id || stored.Version > version ? SerializerCompatibility.Incompatible
            : stored.Version == version ? SerializerCompatibility.Same
            : SerializerCompatibility.Migrates;

        public override Reading ReadStored(ReadOnlySpan<byte> source, SerializerIdentity stored) =>
            stored.Version == version ? Read(source) : new ReadingSerializer(1).Read(source);
    }

    /// <summary>States of all kinds with values of the type.</summary>
    private sealed class ReadingsOperator : KeyedOperator<int, int, string>
    {
        private readonly Program _program;
        private readonly ValueStateDescriptor<Reading> _value;
        private readonly ListStateDescriptor<Reading> _list;
        private readonly MapStateDescriptor<long, Reading> _map;
        private readonly ReducingStateDescriptor<Reading> _reducing;
        private ValueState<Reading> _valueState = null!;
        private ListState<Reading>? _listState;
        private MapState<long, Reading> _mapState = null!;
        private ReducingState<Reading> _reducingState = null!;

        public ReadingsOperator(Program program)
        {
            _program = program;
            var serializer = new ReadingSerializer(program.Version);
            _value = new("value", serializer);
            _list = new("list", serializer);
            _map = new("map", StateSerializer.Int64, serializer);
            _reducing = new(
                "reducing",
                static (left, right) => new(left.Amount + right.Amount, Math.Max(left.Unit, right.Unit)), serializer);
        }

        public override IReadOnlyList<StateDescriptor> States =>
            _program.HasList ? [_value, _list, _map, _reducing] : [_value, _map, _reducing];

        public override void Open(KeyedOperatorContext<int> context)
        {
            _valueState = context.GetState(_value);
            _listState = _program.HasList ? context.GetState(_list) : null;
            _mapState = context.GetState(_map);
            _reducingState = context.GetState(_reducing);
        }

        public override void Process(int value, KeyedElementContext<int> context, Emitter<string> output)
        {
            var reading = new Reading(value, _program.Version == 1 ? Reading.OldUnit : Reading.NewUnit);
            _valueState.Set(reading);
            _listState?.Add(reading);
            _mapState.Set(value % 5, reading);
            _reducingState.Add(reading);
            context.Timers.RegisterEventTime(Timestamp.MaxValue);
        }

        public override void OnTimer(StateTimer timer, KeyedElementContext<int> context, Emitter<string> output)
        {
            var list = _listState?.ToList() ?? [];
            var map = new List<(long, Reading)>();
            foreach (var entry in _mapState)
            {
                map.Add((entry.Key, entry.Value));
            }

            output.Emit(RowOf(
                context.Key, _valueState.GetOrDefault(), list, map, _reducingState.GetOrDefault()));
        }
    }
}
