namespace Checkpointing.Diagnostics;

/// <summary>Ids of log events; never renumbered, never used again.</summary>
/// <remarks>1000 coordination, 2000 snapshots and restore, 3000 shared state and discard, 4000 completed-checkpoint
/// stores, 5000 RocksDB, 6000 ZooKeeper, 7000 host.</remarks>
public static class CheckpointingEventIds
{
    /// <summary>A checkpoint was triggered.</summary>
    public const int CheckpointTriggered = 1000;

    /// <summary>A checkpoint completed: it is durable.</summary>
    public const int CheckpointCompleted = 1001;

    /// <summary>A checkpoint was aborted.</summary>
    public const int CheckpointAborted = 1002;

    /// <summary>A subtask acknowledged.</summary>
    public const int SubtaskAcknowledged = 1003;

    /// <summary>A message of another job, epoch or attempt was dropped.</summary>
    public const int StaleMessageDropped = 1004;

    /// <summary>The coordinator was fenced by a newer epoch.</summary>
    public const int CoordinatorFenced = 1005;

    /// <summary>The coordinator took an epoch.</summary>
    public const int EpochTaken = 1006;

    /// <summary>A subtask has finished: it takes part in no further checkpoint.</summary>
    public const int SubtaskFinished = 1010;

    /// <summary>A checkpoint holds state of a hook that the program does not have; it was left behind.</summary>
    public const int HookStateLeftBehind = 1011;

    /// <summary>A checkpoint holds state of an operator that the program does not have; it was left behind.</summary>
    public const int OperatorLeftBehind = 1012;

    /// <summary>Statistics could not be stored; checkpoints go on.</summary>
    public const int StatisticsNotStored = 1050;

    /// <summary>Stored statistics could not be read and were left out.</summary>
    public const int StatisticsUnreadable = 1051;

    /// <summary>State was restored.</summary>
    public const int StateRestored = 2000;

    /// <summary>A hard link could not be made; the file was copied.</summary>
    public const int LinkFellBackToCopy = 2001;

    /// <summary>A stored state that the program does not declare was left behind.</summary>
    public const int StateLeftBehind = 2002;

    /// <summary>The values of a state were rewritten by a newer serializer.</summary>
    public const int StateMigrated = 2003;

    /// <summary>Restored files were verified behind the running job.</summary>
    public const int RestoreVerified = 2004;

    /// <summary>A restored file was found damaged behind the running job.</summary>
    public const int RestoredFileCorrupt = 2005;

    /// <summary>A shared file got an owner.</summary>
    public const int SharedStateRegistered = 3000;

    /// <summary>A shared file lost an owner.</summary>
    public const int SharedStateReleased = 3001;

    /// <summary>A file was handed to the cleaner.</summary>
    public const int DeletionScheduled = 3002;

    /// <summary>A file could not be deleted; the next sweep takes it.</summary>
    public const int DeletionFailed = 3003;

    /// <summary>Orphans were swept.</summary>
    public const int OrphansSwept = 3004;

    /// <summary>A sweep was refused because metadata could not be read.</summary>
    public const int SweepRefused = 3005;

    /// <summary>A checkpoint was recovered from the register.</summary>
    public const int CheckpointRecovered = 4000;

    /// <summary>A retained checkpoint cannot be read now; it is kept.</summary>
    public const int CheckpointUnreadable = 4001;

    /// <summary>A checkpoint was subsumed.</summary>
    public const int CheckpointSubsumed = 4002;

    /// <summary>A scrub found a file of a retained checkpoint damaged.</summary>
    public const int RetainedFileDamaged = 4003;

    /// <summary>A scrub has read every file of the retained checkpoints.</summary>
    public const int ScrubEnded = 4004;

    /// <summary>Recovery went back to an older checkpoint than the newest, which cannot be read now.</summary>
    public const int RecoveryFellBack = 4005;

    /// <summary>Working folders of processes that no longer run were removed.</summary>
    public const int WorkingFoldersSwept = 5000;

    /// <summary>The barrier of a RocksDB snapshot could not do without waiting for the flush.</summary>
    public const int BarrierWaitedForFlush = 5001;

    /// <summary>Files held rows of both sides of a barrier; those of before were written into files of their
    /// own.</summary>
    public const int StraddlingFilesExported = 5002;

    /// <summary>Rows of other key groups stay in a restored database until RocksDB compacts their files.</summary>
    public const int ForeignRowsStay = 5003;

    /// <summary>A session with ZooKeeper goes on at a server.</summary>
    public const int ZooKeeperConnected = 6000;

    /// <summary>A connection to ZooKeeper broke or did not come about.</summary>
    public const int ZooKeeperDisconnected = 6001;

    /// <summary>A session with ZooKeeper is lost.</summary>
    public const int ZooKeeperSessionLost = 6002;

    /// <summary>This process leads a job: it may try for the epoch.</summary>
    public const int LeadershipGained = 6003;

    /// <summary>This process no longer leads a job.</summary>
    public const int LeadershipLost = 6004;

    /// <summary>An attempt of a job runs.</summary>
    public const int AttemptStarted = 7000;

    /// <summary>A subtask failed.</summary>
    public const int SubtaskFailed = 7001;

    /// <summary>A job is about to be restarted.</summary>
    public const int JobRestarting = 7002;

    /// <summary>A job ended.</summary>
    public const int JobEnded = 7003;

    /// <summary>Background work of the host failed.</summary>
    public const int WorkFailed = 7004;

    /// <summary>Work was told to stop and still runs.</summary>
    public const int WorkDidNotStop = 7005;

    /// <summary>A subtask could not answer for a checkpoint.</summary>
    public const int AnswerFailed = 7006;

    /// <summary>A subtask declined a checkpoint because its snapshot failed.</summary>
    public const int SnapshotFailed = 7007;

    /// <summary>Cleaning up after a job failed; the next start takes what is left.</summary>
    public const int CleanUpFailed = 7008;

    /// <summary>An operator of a job has finished while others run on.</summary>
    public const int OperatorFinished = 7009;

    /// <summary>An operator had finished before the checkpoint that an attempt starts from.</summary>
    public const int OperatorHadFinished = 7010;

    /// <summary>A key of the configuration is no setting and was ignored.</summary>
    public const int SettingIgnored = 7100;

    /// <summary>A job of a service could not be started for the moment.</summary>
    public const int JobStartPostponed = 7101;

    /// <summary>A job of a service failed for good.</summary>
    public const int JobFailed = 7102;

    /// <summary>A savepoint was taken because the service is shut down.</summary>
    public const int SavepointTaken = 7103;

    /// <summary>The time to shut a service down was up before a job was done.</summary>
    public const int ShutdownCutOff = 7104;

    /// <summary>A job could not do what it should when its service was shut down.</summary>
    public const int ShutdownActionFailed = 7105;

    /// <summary>A job stopped because its service is shut down.</summary>
    public const int JobStopped = 7106;
}
