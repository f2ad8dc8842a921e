namespace Checkpointing.Hosting.Sources;

/// <summary>Definition of a source: makes a reader for each attempt. Immutable, does no I/O.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public interface ISource<T>
{
    /// <summary>Number of records, counted from the beginning of the input, after which the source pauses: it reads no
    /// more, but goes on answering triggers. Null: it never pauses.</summary>
    long? PauseAfter => null;

    /// <summary>Makes a reader. The host opens and disposes it.</summary>
    SourceReader<T> CreateReader();
}
