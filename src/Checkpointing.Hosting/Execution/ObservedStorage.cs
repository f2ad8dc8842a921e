using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.Hosting.Execution;

/// <summary>A storage that tells how many files and bytes go through it.</summary>
internal sealed class ObservedStorage : ICheckpointStorage
{
    private readonly ICheckpointStorage _inner;
    private readonly ProgressReporter _progress;

    public ObservedStorage(ICheckpointStorage inner, ProgressReporter progress)
    {
        (_inner, _progress) = (inner, progress);
        LocalFiles = inner.LocalFiles is { } transfer ? new Transfer(transfer, inner, progress) : null;
    }

    public string Description => _inner.Description;

    public ILocalFileTransfer? LocalFiles { get; }

    public ValueTask<StorageSpace?> GetSpaceAsync(CancellationToken cancellationToken) =>
        _inner.GetSpaceAsync(cancellationToken);

    public async ValueTask<Stream> OpenReadAsync(string path, long offset, CancellationToken cancellationToken) =>
        new ReadStream(await _inner.OpenReadAsync(path, offset, cancellationToken).ConfigureAwait(false), _progress);

    public ValueTask<long?> GetLengthAsync(string path, CancellationToken cancellationToken) =>
        _inner.GetLengthAsync(path, cancellationToken);

    public async ValueTask<IStorageWriter> CreateAsync(string path, CancellationToken cancellationToken) =>
        new Writer(await _inner.CreateAsync(path, cancellationToken).ConfigureAwait(false), _progress);

    public ValueTask SyncFoldersAsync(IReadOnlyCollection<string> folders, CancellationToken cancellationToken) =>
        _inner.SyncFoldersAsync(folders, cancellationToken);

    public IAsyncEnumerable<StoredFile> ListAsync(string folder, CancellationToken cancellationToken) =>
        _inner.ListAsync(folder, cancellationToken);

    public ValueTask DeleteAsync(string path, CancellationToken cancellationToken) =>
        _inner.DeleteAsync(path, cancellationToken);

    public async ValueTask<FileTransferKind> CopyAsync(
        string source, string target, CancellationToken cancellationToken)
    {
        var kind = await _inner.CopyAsync(source, target, cancellationToken).ConfigureAwait(false);
        _progress.Add(1, await _inner.GetLengthAsync(target, cancellationToken).ConfigureAwait(false) ?? 0);
        return kind;
    }

    public ValueTask<int> SweepTemporaryFilesAsync(string folder, CancellationToken cancellationToken) =>
        _inner.SweepTemporaryFilesAsync(folder, cancellationToken);

    private sealed class Transfer(ILocalFileTransfer inner, ICheckpointStorage storage, ProgressReporter progress)
        : ILocalFileTransfer
    {
        public async ValueTask<FileTransferKind> StoreAsync(
            string localPath, bool isSynced, string target, CancellationToken cancellationToken)
        {
            var kind = await inner.StoreAsync(localPath, isSynced, target, cancellationToken).ConfigureAwait(false);
            progress.Add(1, await storage.GetLengthAsync(target, cancellationToken).ConfigureAwait(false) ?? 0);
            return kind;
        }

        public async ValueTask<FileTransferKind> FetchAsync(
            string source, string localPath, CancellationToken cancellationToken)
        {
            var kind = await inner.FetchAsync(source, localPath, cancellationToken).ConfigureAwait(false);
            progress.Add(1, await storage.GetLengthAsync(source, cancellationToken).ConfigureAwait(false) ?? 0);
            return kind;
        }
    }

    private sealed class Writer(IStorageWriter inner, ProgressReporter progress) : IStorageWriter
    {
        public long LengthBytes => inner.LengthBytes;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            await inner.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            progress.Add(0, bytes.Length);
        }

        public async ValueTask<ContentDigest> CommitAsync(CancellationToken cancellationToken)
        {
            var digest = await inner.CommitAsync(cancellationToken).ConfigureAwait(false);
            progress.Add(1, 0);
            return digest;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>Counts what is read; the file counts when it is closed.</summary>
    private sealed class ReadStream(Stream inner, ProgressReporter progress) : Stream
    {
        private bool _isClosed;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            progress.Add(0, read);
            return read;
        }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            progress.Add(0, read);
            return read;
        }

        public override Task<int> ReadAsync(
            byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync().ConfigureAwait(false);
            Closed();
            await base.DisposeAsync().ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                Closed();
            }

            base.Dispose(disposing);
        }

        private void Closed()
        {
            if (!_isClosed)
            {
                _isClosed = true;
                progress.Add(1, 0);
            }
        }
    }
}
