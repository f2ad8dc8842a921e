using System.Buffers;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.StateHandles;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Tests.State;

public sealed class StateCompatibilityTests
{
    private static readonly ValueStateDescriptor<int> Old = new("s", new Version1());
    private static readonly ValueStateDescriptor<int> New = new("s", new Version2());

    private readonly StateFixture _fixture = new();

    public static TheoryData<string, StateDescriptor, StateDescriptor, string> Misfits => new()
    {
        { "kind", new ValueStateDescriptor<int>("s"), new ListStateDescriptor<int>("s"), "*kind Value*kind List*" },
        { "value", new ValueStateDescriptor<int>("s"), new ValueStateDescriptor<long>("s"), "*'int32'*'int64'*" },
        { "older", New, Old, "*'test.number' version 2*'test.number' version 1*program that wrote it*" },
        {
            "map key", new MapStateDescriptor<int, int>("s"), new MapStateDescriptor<long, int>("s"),
            "*map key of 'int32'*map key of 'int64'*"
        },
        {
            "namespace", new ValueStateDescriptor<int>("s") { Namespace = StateSerializer.Int32 },
            new ValueStateDescriptor<int>("s"), "*namespace of 'int32'*namespace of none*"
        },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public async Task OpenAsync_StateThatDoesNotFit_SaysWhatWasStoredAndWanted(
        string what, StateDescriptor stored, StateDescriptor declared, string message)
    {
        var snapshot = await WriteAsync(stored);

        var act = async () => await StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, declared));

        var error = (await act.Should().ThrowAsync<StateMigrationException>(what)).WithMessage(message).Which;
        (error.Operator, error.State).Should().Be(("op", "s"));
    }

    [Fact]
    public async Task OpenAsync_OtherKeySerializer_Throws()
    {
        var snapshot = await WriteAsync(Old);

        var act = async () => await SubtaskState.OpenAsync(
            _fixture.ContextFrom(snapshot, Old), StateSerializer.Bytes, CancellationToken.None);

        await act.Should().ThrowAsync<StateMigrationException>().WithMessage("*key of 'string'*key of 'bytes'*");
    }

    [Fact]
    public async Task OpenAsync_OlderValues_AreRewrittenInEveryKind()
    {
        StateDescriptor[] old =
        [
            new ValueStateDescriptor<int>("value", new Version1()),
                new ListStateDescriptor<int>("list", new Version1()),
            new MapStateDescriptor<int, int>("map", null, new Version1()),
            new ReducingStateDescriptor<int>("most", Math.Max, new Version1()),
            new OperatorListStateDescriptor<int>("items", new Version1()),
        ];
        SubtaskSnapshot snapshot;
        await using (var state = await _fixture.OpenAsync(old))
        {
            foreach (var key in new[] { "a", "b", "c" })
            {
                using var scope = state.Keyed.EnterKey(key);
                state.Keyed.GetState((ValueStateDescriptor<int>)old[0]).Set(key[0]);
                state.Keyed.GetState((ListStateDescriptor<int>)old[1]).AddRange([1, 2, key[0]]);
                state.Keyed.GetState((MapStateDescriptor<int, int>)old[2]).Set(7, key[0]);
                state.Keyed.GetState((ReducingStateDescriptor<int>)old[3]).Add(key[0]);
            }

            state.Operator.GetState((OperatorListStateDescriptor<int>)old[4]).Replace([1, 2]);
            snapshot = await _fixture.SnapshotAsync(state);
        }

        ValueStateDescriptor<int> value = new("value", new Version2());
        ListStateDescriptor<int> list = new("list", new Version2());
        MapStateDescriptor<int, int> map = new("map", null, new Version2());
        ReducingStateDescriptor<int> most = new("most", Math.Max, new Version2());
        OperatorListStateDescriptor<int> items = new("items", new Version2());
        StateDescriptor[] now = [value, list, map, most, items];
        await using (var migrated = await StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, now)))
        {
            snapshot = await _fixture.SnapshotAsync(migrated);
        }

        // Restored without any migration: the values lie in the new layout.
        snapshot.States.Should().AllSatisfy(static state => state.Value!.Version.Should().Be(2));
        await using var restored = await StateFixture.OpenAsync(_fixture.ContextFrom(snapshot, now));
        foreach (var key in new[] { "a", "b", "c" })
        {
            using var scope = restored.Keyed.EnterKey(key);
            restored.Keyed.GetState(value).GetOrDefault().Should().Be(key[0]);
            restored.Keyed.GetState(list).ToList().Should().Equal(1, 2, key[0]);
            restored.Keyed.GetState(map).GetOrDefault(7).Should().Be(key[0]);
            restored.Keyed.GetState(most).GetOrDefault().Should().Be(key[0]);
        }

        restored.Operator.GetState(items).Items.Should().Equal(1, 2);
    }

    [Fact]
    public async Task OpenAsync_UndeclaredKeyedState_IsRefusedUnlessAllowed()
    {
        var snapshot = await WriteAsync(Old);

        var act = async () => await StateFixture.OpenAsync(
            _fixture.ContextFrom(snapshot, new ValueStateDescriptor<int>("other")));

        (await act.Should().ThrowAsync<StateMigrationException>()).WithMessage("*'s'*'op'*AllowNonRestoredState*");
        var log = new LogRecorder();
        var fixture = new StateFixture { Storage = _fixture.Storage, Logger = log };
        await using var state = await StateFixture.OpenAsync(
            fixture.ContextFrom(snapshot) with { AllowNonRestoredState = true });
        log.Warnings.Single().Should().ContainAll("'s'", "'op'");
    }

    [Fact]
    public async Task OpenAsync_UndeclaredOperatorState_IsRefusedUnlessAllowed()
    {
        OperatorListStateDescriptor<int> items = new("items");
        SubtaskSnapshot snapshot;
        await using (var state = await _fixture.OpenAsync(items))
        {
            state.Operator.GetState(items).Add(1);
            snapshot = await _fixture.SnapshotAsync(state);
        }

        var context = _fixture.ContextFrom(snapshot);
        var act = async () => await StateFixture.OpenAsync(context);

        (await act.Should().ThrowAsync<StateMigrationException>()).Which.State.Should().Be("items");
        await using var allowed = await StateFixture.OpenAsync(context with { AllowNonRestoredState = true });
    }

    [Fact]
    public async Task OpenAsync_OperatorThatLostItsKey_IsRefusedUnlessAllowed()
    {
        var context = _fixture.ContextFrom(await WriteAsync(Old)) with { Range = KeyGroupRange.Empty };
        var act = async () => await SubtaskState.OpenAsync(context, CancellationToken.None);

        await act.Should().ThrowAsync<StateMigrationException>();
        await using var allowed = await SubtaskState.OpenAsync(
            context with { AllowNonRestoredState = true }, CancellationToken.None);
    }

    private async Task<SubtaskSnapshot> WriteAsync(StateDescriptor descriptor)
    {
        await using var state = await _fixture.OpenAsync(descriptor);
        using (state.Keyed.EnterKey("a"))
        {
            switch (descriptor)
            {
                case ValueStateDescriptor<int> { Namespace: null } value:
                    state.Keyed.GetState(value).Set(5);
                    break;
                case ValueStateDescriptor<int> value:
                    using (state.Keyed.EnterNamespace(1))
                    {
                        state.Keyed.GetState(value).Set(5);
                    }

                    break;
                case MapStateDescriptor<int, int> map:
                    state.Keyed.GetState(map).Set(1, 5);
                    break;
            }
        }

        return await _fixture.SnapshotAsync(state);
    }

    private sealed class Version1 : StateSerializer<int>
    {
        public override SerializerIdentity Identity { get; } = new("test.number", 1);

        public override void Write(int value, IBufferWriter<byte> target) => StateSerializer.Int32.Write(value, target);

        public override int Read(ReadOnlySpan<byte> source) => StateSerializer.Int32.Read(source);
    }

    private sealed class Version2 : StateSerializer<int>
    {
        public override SerializerIdentity Identity { get; } = new("test.number", 2);

        public override void Write(int value, IBufferWriter<byte> target) => StateSerializer.Int64.Write(value, target);

        public override int Read(ReadOnlySpan<byte> source) => (int)StateSerializer.Int64.Read(source);

        public override SerializerCompatibility CheckStored(SerializerIdentity stored) =>
            stored == new SerializerIdentity("test.number", 1) ? SerializerCompatibility.Migrates
                : base.CheckStored(stored);

        public override int ReadStored(ReadOnlySpan<byte> source, SerializerIdentity stored) =>
            stored.Version == 1 ? StateSerializer.Int32.Read(source) : Read(source);
    }

    private sealed class LogRecorder : ILogger
    {
        public List<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
            {
                Warnings.Add(formatter(state, exception));
            }
        }
    }
}
