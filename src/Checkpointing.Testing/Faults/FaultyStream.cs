namespace Checkpointing.Testing.Faults;

/// <summary>A forward-only stream with faults.</summary>
internal sealed class FaultyStream(Stream inner, string path, FaultPlan plan) : Stream
{
    private bool _isCut;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException("A stored file is read forward only.");

    public override long Position
    {
        get => throw new NotSupportedException("A stored file is read forward only.");
        set => throw new NotSupportedException("A stored file is read forward only.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var operation = await plan.BeginAsync(StorageOperationKind.Read, path, cancellationToken).ConfigureAwait(false);
        if (!MayRead(operation))
        {
            return 0;
        }

        var read = await inner.ReadAsync(buffer[..LengthFor(operation, buffer.Length)], cancellationToken)
            .ConfigureAwait(false);
        Finish(operation, buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        var operation = plan.BeginNow(StorageOperationKind.Read, path);
        if (!MayRead(operation))
        {
            return 0;
        }

        var read = inner.Read(buffer[..LengthFor(operation, buffer.Length)]);
        Finish(operation, buffer[..read]);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("A stored file is read forward only.");

    public override void SetLength(long value) => throw new NotSupportedException("A stored file is never altered.");

    public override void Write(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A stored file is never altered.");

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static int LengthFor(StorageOperation operation, int length) =>
        operation.Fault == FaultKind.ShortRead ? Math.Min(1, length) : length;

    private bool MayRead(StorageOperation operation)
    {
        FaultErrors.ThrowIfUndone(operation);
        _isCut |= operation.Fault == FaultKind.CutRead;
        return !_isCut;
    }

    private void Finish(StorageOperation operation, Span<byte> read)
    {
        if (operation.Fault == FaultKind.AppliedButFailed)
        {
            throw FaultErrors.Of(operation);
        }

        if (operation.Fault == FaultKind.BitFlip && read.Length > 0)
        {
            var (index, mask) = plan.BitToFlip(operation, read.Length);
            read[index] ^= mask;
        }
    }
}
