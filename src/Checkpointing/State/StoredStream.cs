using Checkpointing.StateHandles;
using Checkpointing.Storage;

namespace Checkpointing.State;

/// <summary>Opens what a handle stands for.</summary>
internal static class StoredStream
{
    internal static string PathOf(StreamStateHandle handle) => handle switch
    {
        FileStateHandle file => file.Path,
        ByteStreamStateHandle bytes => bytes.Name,
        RelativeFileStateHandle file => file.RelativePath,
        _ => handle.GetType().Name,
    };

    internal static ContentDigest? DigestOf(StreamStateHandle handle) => (handle as FileStateHandle)?.Digest;

    /// <exception cref="ArgumentException">The handle is relative or a placeholder: it was to be resolved
    /// before.</exception>
    internal static ValueTask<Stream> OpenAsync(
        ICheckpointStorage storage, StreamStateHandle handle, long offset, CancellationToken cancellationToken)
    {
        if (handle is FileStateHandle file)
        {
            return storage.OpenReadAsync(file.Path, offset, cancellationToken);
        }

        return handle is ByteStreamStateHandle { Data: var data }
            ? new(new MemoryStream([.. data.Items.AsSpan()[(int)offset..]], writable: false))
            : throw new ArgumentException(
                $"A {handle.GetType().Name} cannot be read; it is resolved before state is opened.", nameof(handle));
    }
}
