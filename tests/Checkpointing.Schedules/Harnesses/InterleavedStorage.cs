using Checkpointing.StateHandles;
using Checkpointing.Storage;
using Checkpointing.Testing.Simulation;
using Checkpointing.Testing.Storage;
using Microsoft.Coyote.Runtime;

namespace Checkpointing.Schedules.Harnesses;

/// <summary>A disk on which another task may go on before and after everything that is done.</summary>
internal sealed class InterleavedStorage(SimulatedStorage disk) : ForwardingStorage(disk)
{
    public override ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken)
    {
        SchedulingPoint.Interleave();
        return base.OpenReadAsync(path, offset, cancellationToken);
    }

    public override async ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken)
    {
        SchedulingPoint.Interleave();
        return new Writer(await base.CreateAsync(path, cancellationToken));
    }

    // Not an iterator: Coyote does not control what waits for one.
    public override IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken)
    {
        SchedulingPoint.Interleave();
        return new Listing(
        [
            .. disk.Files.Where(path => StoragePath.IsBelow(path, folder))
                .Select(path => new StoredFile(path, disk.Peek(path)!.Value.Length, DateTimeOffset.UnixEpoch)),
        ]);
    }

    public override ValueTask DeleteAsync(string path, CancellationToken cancellationToken)
    {
        SchedulingPoint.Interleave();
        return base.DeleteAsync(path, cancellationToken);
    }

    public override ValueTask<FileTransferKind> CopyAsync(
        string source, string target, CancellationToken cancellationToken)
    {
        SchedulingPoint.Interleave();
        return base.CopyAsync(source, target, cancellationToken);
    }

    private sealed class Writer(IStorageWriter inner) : IStorageWriter
    {
        public long LengthBytes => inner.LengthBytes;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            inner.WriteAsync(bytes, cancellationToken);

        public async ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken)
        {
            SchedulingPoint.Interleave();
            var digest = await inner.CommitAsync(cancellationToken);
            SchedulingPoint.Interleave();
            return digest;
        }

        public async ValueTask DisposeAsync() => await inner.DisposeAsync();
    }

    private sealed class Listing(List<StoredFile> files) : IAsyncEnumerable<StoredFile>, IAsyncEnumerator<StoredFile>
    {
        private int _index = -1;

        public StoredFile Current => files[_index];

        public IAsyncEnumerator<StoredFile> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync() => new(++_index < files.Count);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
