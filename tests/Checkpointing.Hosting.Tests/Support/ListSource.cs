using System.Diagnostics.CodeAnalysis;
using Checkpointing.Hosting.Sources;
using Checkpointing.State;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Reads a list. A gate can hold it back at a place until the test opens it.</summary>
internal sealed class ListSource<T>(IReadOnlyList<T> items, Func<long, Task>? gate = null) : ISource<T>
{
    public SourceReader<T> CreateReader() => new Reader(items, gate);

    private sealed class Reader(IReadOnlyList<T> items, Func<long, Task>? gate) : SourceReader<T>
    {
        private static readonly OperatorListStateDescriptor<long> Position = new("list-position");

        private OperatorListState<long> _position = null!;
        private long _next;

        public override IReadOnlyList<StateDescriptor> States => [Position];

        public override void Open(SourceContext context)
        {
            _position = context.State.GetState(Position);
            _next = _position.Items is [var stored] ? stored : 0;
        }

        public override bool TryReadNext([MaybeNullWhen(false)] out T value)
        {
            if (_next >= items.Count || gate?.Invoke(_next).IsCompleted == false)
            {
                value = default;
                return false;
            }

            value = items[(int)_next++];
            return true;
        }

        public override async ValueTask<bool> WaitForMoreAsync(CancellationToken cancellationToken)
        {
            if (_next >= items.Count)
            {
                return false;
            }

            await gate!(_next).WaitAsync(cancellationToken);
            return true;
        }

        public override void SnapshotPosition() => _position.Replace([_next]);
    }
}
