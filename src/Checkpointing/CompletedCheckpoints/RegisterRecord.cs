namespace Checkpointing.CompletedCheckpoints;

/// <summary>The one record of a job.</summary>
public sealed record RegisterRecord;
