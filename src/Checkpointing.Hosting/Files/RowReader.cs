// The file source reads its own input: it is no part of the checkpoint storage.
#pragma warning disable RS0030
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Checkpointing.Hosting.Files;

/// <summary>Reads a text file line by line and knows the byte at which the next line begins.</summary>
/// <remarks>UTF-8, with or without byte order mark; lines end in LF or CR LF, the last one perhaps in
/// nothing.</remarks>
internal sealed class RowReader : IDisposable
{
    private readonly FileStream _file;
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Opens a file.</summary>
    /// <exception cref="CheckpointStorageUnavailableException">It is missing, unreadable or shorter than
    /// <paramref name="offset"/>.</exception>
    public RowReader(string path, long offset)
    {
        try
        {
            _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointStorageUnavailableException(
                path, "does not exist; name a file to read.", e, isTransient: false);
        }
        catch (Exception e) when (FileErrors.IsRefusal(e))
        {
            throw FileErrors.Refused(path, "cannot be read", e);
        }

        if (_file.Length < offset)
        {
            var length = _file.Length;
            _file.Dispose();
            throw new CheckpointStorageUnavailableException(
                path, $"has {length} bytes, but was read up to byte {offset} before; put the input back as it was.",
                isTransient: false);
        }

        _file.Position = Offset = offset;
        if (offset == 0)
        {
            SkipByteOrderMark();
        }
    }

    /// <summary>Where the next line begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Reads the next line, without its end.</summary>
    public bool TryReadNext([NotNullWhen(true)] out string? row)
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n')) < 0)
        {
            if (!TryFill())
            {
                length = _end - _start;
                row = length == 0 ? null : Take(length, length);
                return row is not null;
            }
        }

        row = Take(length, length + 1);
        return true;
    }

    public void Dispose() => _file.Dispose();

    private string Take(int length, int withEnd)
    {
        var line = _buffer.AsSpan(_start, length);
        var row = Encoding.UTF8.GetString(line is [.., (byte)'\r'] ? line[..^1] : line);
        _start += withEnd;
        Offset += withEnd;
        return row;
    }

    private bool TryFill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = _file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }

    private void SkipByteOrderMark()
    {
        while (_end < 3 && TryFill())
        {
        }

        if (_buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8))
        {
            _start = 3;
            Offset = 3;
        }
    }
}
