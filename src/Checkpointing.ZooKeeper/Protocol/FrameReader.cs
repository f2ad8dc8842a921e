using System.Buffers.Binary;

namespace Checkpointing.ZooKeeper.Protocol;

/// <summary>Cuts a stream into frames: four bytes of length, then as many bytes.</summary>
internal sealed class FrameReader(Stream stream, int maxFrameBytes)
{
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    /// <summary>Reads the next frame.</summary>
    /// <returns>Its bytes, until the next call; null if the stream ended between two frames.</returns>
    /// <exception cref="ZooKeeperProtocolException">A length is negative or too large, or the stream ended in a
    /// frame.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(sizeof(int), cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
        if (length < 0 || length > maxFrameBytes)
        {
            throw new ZooKeeperProtocolException($"a frame claims {length} bytes; at most {maxFrameBytes} are taken");
        }

        _start += sizeof(int);
        if (!await FillAsync(length, cancellationToken).ConfigureAwait(false))
        {
            throw new ZooKeeperProtocolException("the connection ended in a frame");
        }

        var frame = _buffer.AsMemory(_start, length);
        _start += length;
        return frame;
    }

    /// <summary>Makes at least so many bytes ready.</summary>
    /// <returns>False if the stream ended and nothing was left.</returns>
    private async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        if (_buffer.Length - _start < count)
        {
            var buffer = count <= _buffer.Length ? _buffer : new byte[Math.Max(count, 2 * _buffer.Length)];
            _buffer.AsSpan(_start, _end - _start).CopyTo(buffer);
            (_buffer, _start, _end) = (buffer, 0, _end - _start);
        }

        while (_end - _start < count)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return _end == _start ? false
                    : throw new ZooKeeperProtocolException("the connection ended in a frame");
            }

            _end += read;
        }

        return true;
    }
}
