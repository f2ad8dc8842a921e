namespace Checkpointing.State;

/// <summary>The canonical snapshot: all rows of a backend in one file that every backend can restore.</summary>
/// <remarks>
/// <para>Head: magic (8 bytes), version (int32), length of the descriptions (int32), descriptions
/// (<see cref="StateDescriptionSerializer"/>), digest of all before.</para>
/// <para>Then a block for each key group that has rows, in order; <c>KeyGroupsStateHandle.Offsets</c> says where. A
/// block is
/// chunks: length (int32, at least 1), that many bytes of whole rows, digest; then the end: length 0, digest. Each
/// digest covers
/// the number of the key group (int32) and all bytes of the block before it, so a chunk that is cut, moved or of
/// another
/// block is found before any of its rows is used.</para>
/// <para>A row: index of the state, the row's key and its value behind their lengths; numbers of rows are LEB128, all
/// other
/// numbers little-endian, digests XxHash128 big-endian.</para>
/// </remarks>
internal static class CanonicalSnapshotFormat
{
    /// <summary>"CKPTROWS" in the file's order of bytes.</summary>
    internal const long Magic = 0x53574F5254504B43;

    internal const int Version = 1;

    internal const int FixedHeadSize = 16;

    internal const int MaxDescriptionsLength = 16 << 20;

    /// <summary>A chunk is closed once it is this large; one row may be larger.</summary>
    internal const int ChunkSize = 256 << 10;
}
