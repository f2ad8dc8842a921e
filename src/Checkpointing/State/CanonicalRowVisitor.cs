namespace Checkpointing.State;

/// <summary>Takes one row of a canonical snapshot.</summary>
/// <param name="stateIndex">Index of its state in <see cref="CanonicalSnapshotReader.States"/>.</param>
/// <param name="key">Its key, valid during the call.</param>
/// <param name="value">Its value, valid during the call.</param>
public delegate void CanonicalRowVisitor(int stateIndex, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
