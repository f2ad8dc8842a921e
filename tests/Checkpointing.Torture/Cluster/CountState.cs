using System.Buffers;
using System.Buffers.Binary;
using Checkpointing.Coordination;
using Checkpointing.KeyGroups;
using Checkpointing.State;
using Checkpointing.State.Heap;
using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Checkpointing.Torture.Cluster;

/// <summary>The library's own state of a subtask on the heap backend, with keyed state and operator state.</summary>
internal sealed class CountState : IClusterState
{
    private const int FirstKey = 1_000_000;
    private const int KeyCount = 24;

    private readonly SubtaskState<int> _state;
    private readonly ValueStateDescriptor<long> _count;
    private readonly KeyGroupRange _range;
    private readonly int _keyGroupCount;

    private CountState(
        SubtaskState<int> state, ValueStateDescriptor<long> count, KeyGroupRange range, int keyGroupCount) =>
        (_state, _count, _range, _keyGroupCount) = (state, count, range, keyGroupCount);

    public IReadOnlyDictionary<int, long> Rows
    {
        get
        {
            var rows = new Dictionary<int, long>();
            for (var key = 0; key < KeyCount; key++)
            {
                if (IsOwn(key))
                {
                    using var scope = _state.Keyed.EnterKey(key);
                    if (_state.Keyed.GetState(_count).TryGet(out var value))
                    {
                        rows[FirstKey + key] = value;
                    }
                }
            }

            return rows;
        }
    }

    public static async Task<CountState> OpenAsync(
        SubtaskAddress address, int parallelism, int keyGroupCount, int version, SubtaskRestore restore,
        ICheckpointStorage storage, IdSource ids, TimeProvider time)
    {
        var count = new ValueStateDescriptor<long>("count", new CountSerializer(version));
        var range = KeyGroupAssignment.RangeOf(address.Index, parallelism, keyGroupCount);
        var state = await SubtaskState.OpenAsync(
            new SubtaskStateContext
            {
                Job = address.Job,
                Operator = address.Operator,
                SubtaskIndex = address.Index,
                Range = range,
                MaxParallelism = keyGroupCount,
                States = [count],
                Restore = restore,
                Backend = new HeapBackendFactory(),
                Storage = storage,
                Ids = ids,
                Time = time,
                Logger = NullLogger.Instance,
            },
            StateSerializer.BuiltIn<int>()!,
            CancellationToken.None);
        return new(state, count, range, keyGroupCount);
    }

    public void Change(Random random)
    {
        for (var change = 1 + random.Next(2); change > 0; change--)
        {
            var key = random.Next(KeyCount);
            if (IsOwn(key))
            {
                using var scope = _state.Keyed.EnterKey(key);
                _state.Keyed.GetState(_count).Set(random.Next(1_000_000));
            }
        }
    }

    public Func<Task<SubtaskSnapshot>> Prepare(SnapshotRequest request)
    {
        var plan = _state.PrepareSnapshot(request);
        return () => WriteAsync(plan);
    }

    public void Completed(CheckpointId id) => _state.NotifyCompleted(id);

    public void Aborted(CheckpointId id) => _state.NotifyAborted(id);

    public async ValueTask DisposeAsync() => await _state.DisposeAsync();

    private static async Task<SubtaskSnapshot> WriteAsync(ISnapshotPlan plan)
    {
        await using (plan)
        {
            return await plan.WriteAsync(CancellationToken.None);
        }
    }

    private bool IsOwn(int key)
    {
        var bytes = new ArrayBufferWriter<byte>(sizeof(int));
        StateSerializer.BuiltIn<int>()!.Write(key, bytes);
        return _range.Contains(KeyGroupAssignment.KeyGroupOf(bytes.WrittenSpan, _keyGroupCount));
    }

    /// <summary>Version 1 writes eight bytes, version 2 a marker and eight bytes, and reads both.</summary>
    private sealed class CountSerializer(int version) : StateSerializer<long>
    {
        private const byte Marker = 0xC2;

        public override SerializerIdentity Identity { get; } = new("torture.count", version, 1);

        public override void Write(long value, IBufferWriter<byte> target)
        {
            var span = target.GetSpan(9);
            if (version == 2)
            {
                span[0] = Marker;
                target.Advance(1);
                span = target.GetSpan(8);
            }

            BinaryPrimitives.WriteInt64LittleEndian(span, value);
            target.Advance(8);
        }

        public override long Read(ReadOnlySpan<byte> source) =>
            BinaryPrimitives.ReadInt64LittleEndian(version == 2 ? source[1..] : source);

        public override long ReadStored(ReadOnlySpan<byte> source, SerializerIdentity stored) =>
            BinaryPrimitives.ReadInt64LittleEndian(stored.Version == 2 ? source[1..] : source);

        public override SerializerCompatibility CheckStored(SerializerIdentity stored) => stored.Version switch
        {
            _ when stored.Id != Identity.Id => SerializerCompatibility.Incompatible,
            var other when other == version => SerializerCompatibility.Same,
            1 => SerializerCompatibility.Migrates,
            _ => SerializerCompatibility.Incompatible,
        };
    }
}
