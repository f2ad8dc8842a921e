using Checkpointing.StateHandles;

namespace Checkpointing.RocksDb.Snapshots;

/// <summary>Where one SST file is stored.</summary>
/// <param name="Key">Its key; the path's end.</param>
/// <param name="Handle">The stored file.</param>
/// <param name="Digest">Digest of its bytes.</param>
internal sealed record StoredSst(SharedStateKey Key, StreamStateHandle Handle, ContentDigest Digest);
