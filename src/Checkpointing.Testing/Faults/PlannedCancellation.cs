namespace Checkpointing.Testing.Faults;

/// <summary>Says at which operation of a <see cref="FaultPlan"/> a token is cancelled.</summary>
/// <param name="Source">Of the token that the work was given. The caller's, who disposes it.</param>
/// <param name="Number">Of the operation, from 1.</param>
/// <param name="IsLate">False: before it begins. True: once it is done and about to answer, which only those that
/// change something have (<see cref="StorageOperation.IsChange"/>); at another one the token is not cancelled.</param>
public sealed record PlannedCancellation(CancellationTokenSource Source, int Number, bool IsLate = false);
