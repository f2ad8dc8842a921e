namespace Checkpointing.Hosting.Sources;

/// <summary>Definition of a source: makes a reader for each attempt. Immutable, does no I/O.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public interface ISource<T>
{
    /// <summary>Number of records, counted from the beginning of the input, after which the source pauses: it reads no
    /// more, but goes on answering triggers. Null: it never pauses.</summary>
    /// <remarks>Of several readers each pauses after its share; the shares add up to the number.</remarks>
    long? PauseAfter => null;

    /// <summary>Whether several readers can share the input: then the source runs at the job's parallelism, or at that
    /// of <see cref="StartOptions.OperatorParallelism"/>, and may be rescaled. Default: false, it runs as one
    /// subtask.</summary>
    bool IsParallel => false;

    /// <summary>Whether the input may be longer when the job goes on from a checkpoint: then what is new is read, and
    /// the source and all it feeds stay in checkpoints until the job ends. Otherwise the end of the input is final: the
    /// source finishes there, and a job that starts from a later checkpoint does not read it again. Default:
    /// false.</summary>
    /// <remarks>Of a job that stays at the end of its input (<see cref="StartOptions.FinishAtEndOfInput"/>) nothing
    /// finishes.</remarks>
    bool MayGrow => false;

    /// <summary>Makes a reader. The host opens and disposes it.</summary>
    SourceReader<T> CreateReader();
}
