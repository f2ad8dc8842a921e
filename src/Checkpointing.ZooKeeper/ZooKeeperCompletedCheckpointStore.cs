using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;

namespace Checkpointing.ZooKeeper;

/// <summary>The policy over a register in ZooKeeper: for several processes on machines that share no file
/// system.</summary>
public sealed class ZooKeeperCompletedCheckpointStore(
    ZooKeeperCheckpointRegister register, ICheckpointStorage storage, JobId job, IdSource ids, string holder)
    : CompletedCheckpointStore(register, storage, job, ids, holder);
