namespace Checkpointing.Hosting.Sinks;

/// <summary>Definition of a sink that writes at once: at least once after a failure. Immutable, does no I/O.</summary>
/// <typeparam name="T">Type of the records.</typeparam>
public interface ISink<T>
{
    /// <summary>Makes a writer. The host opens and disposes it.</summary>
    SinkWriter<T> CreateWriter();
}
