#pragma warning disable RS0030 // The tool reads a user's files where they are.
using System.Buffers.Binary;
using Checkpointing.Metadata;
using Checkpointing.Metadata.Paths;

namespace Checkpointing.Tool.Metadata;

/// <summary>A metadata file, read.</summary>
/// <param name="Source">Where it is.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Format">Its format.</param>
/// <param name="Metadata">What it says.</param>
/// <param name="Root">Where its checkpoint lies.</param>
/// <param name="Foreign">Paths that do not stay there.</param>
internal sealed record MetadataFile(
    MetadataSource Source,
    byte[] Bytes,
    MetadataFormat Format,
    CheckpointMetadata Metadata,
    CheckpointRoot Root,
    IReadOnlyList<ForeignPath> Foreign)
{
    // As the library itself: 1 GiB of metadata would be some ten million files.
    private const long MaxBytes = 1L << 30;

    private const int HeaderBytes = 2 * sizeof(int);

    /// <summary>Reads a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="root">The root that the command line names; null: found by the file's place.</param>
    /// <exception cref="MetadataFileException">It cannot be read, or is no metadata that can be read here.</exception>
    public static MetadataFile Read(MetadataSource source, string? root)
    {
        if (source.Problem is not null)
        {
            throw new MetadataFileException(source.Problem);
        }

        var bytes = ReadBytes(source.Path);
        try
        {
            var metadata = CheckpointMetadataSerializer.Read(bytes, source.Shown, out var format);
            var place = CheckpointRoot.Find(source.Path, metadata, root);
            return new(source, bytes, format, metadata, place, place.FindForeign(metadata));
        }
        catch (CheckpointingException exception)
        {
            throw new MetadataFileException(exception.Message, VersionOf(bytes), exception);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            if (!file.CanSeek)
            {
                return ReadPipe(file);
            }

            if (file.Length > MaxBytes)
            {
                throw TooLong(path);
            }

            var bytes = GC.AllocateUninitializedArray<byte>((int)file.Length);
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length == bytes.Length ? bytes : bytes[..length];
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MetadataFileException("There is no such file or folder.", null, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new MetadataFileException("It may not be read: permission denied.", null, exception);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            throw new MetadataFileException($"It cannot be read: {exception.Message}", null, exception);
        }
    }

    private static byte[] ReadPipe(FileStream file)
    {
        using var all = new MemoryStream();
        var block = new byte[64 * 1024];
        for (int read; (read = file.Read(block)) > 0;)
        {
            all.Write(block, 0, read);
            if (all.Length > MaxBytes)
            {
                throw TooLong(file.Name);
            }
        }

        return all.ToArray();
    }

    private static MetadataFileException TooLong(string path) =>
        new($"'{path}' is longer than {MaxBytes:N0} bytes: it is no metadata.");

    /// <summary>The number where the version is, if the file begins like metadata.</summary>
    private static int? VersionOf(byte[] bytes) =>
        bytes.Length >= HeaderBytes
            && BinaryPrimitives.ReadUInt32BigEndian(bytes) == CheckpointMetadataSerializer.Magic
            ? BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(sizeof(int)))
            : null;
}

/// <summary>One file could not be read or written; the others go on.</summary>
/// <param name="message">One sentence.</param>
/// <param name="version">The version in the file; null if it was not found.</param>
/// <param name="innerException">The cause.</param>
internal sealed class MetadataFileException(string message, int? version = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>The version in the file; null if it was not found.</summary>
    public int? Version { get; } = version;
}
