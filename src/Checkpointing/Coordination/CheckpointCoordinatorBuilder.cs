using Checkpointing.CompletedCheckpoints;
using Checkpointing.Storage;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Coordination;

/// <summary>Puts a coordinator together. Settings are copied and validated once, in <see cref="Build"/>.</summary>
public sealed class CheckpointCoordinatorBuilder(ICheckpointStorage storage)
{
    internal ICheckpointStorage Storage { get; } = storage;

    /// <summary>The job. Required.</summary>
    public CheckpointCoordinatorBuilder WithJob(JobTopology topology) => throw new NotImplementedException();

    /// <summary>How tasks are reached. Required.</summary>
    public CheckpointCoordinatorBuilder WithTaskGateway(ITaskGateway gateway) => throw new NotImplementedException();

    /// <summary>Default: the register in the job's folder.</summary>
    public CheckpointCoordinatorBuilder WithRegister(ICheckpointRegister register) => throw new NotImplementedException();

    /// <summary>Settings.</summary>
    public CheckpointCoordinatorBuilder WithOptions(CheckpointCoordinatorOptions options) => throw new NotImplementedException();

    /// <summary>Default: no log.</summary>
    public CheckpointCoordinatorBuilder WithLoggerFactory(ILoggerFactory loggerFactory) => throw new NotImplementedException();

    /// <summary>Default: the system's time.</summary>
    public CheckpointCoordinatorBuilder WithTimeProvider(TimeProvider timeProvider) => throw new NotImplementedException();

    /// <summary>Default: the system's random generator.</summary>
    public CheckpointCoordinatorBuilder WithIdSource(IdSource ids) => throw new NotImplementedException();

    /// <summary>Builds it.</summary>
    public CheckpointCoordinator Build() => throw new NotImplementedException();
}
