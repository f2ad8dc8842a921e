using Checkpointing.State;

namespace Checkpointing.Hosting.Sinks;

/// <summary>Writes the records of one subtask of a sink.</summary>
/// <remarks>One caller at a time.</remarks>
/// <typeparam name="T">Type of the records.</typeparam>
public abstract class SinkWriter<T> : IDisposable
{
    /// <summary>Called once before the first record.</summary>
    public virtual void Open(SinkContext context)
    {
    }

    /// <summary>Takes a record.</summary>
    public abstract void Write(T value, Timestamp time);

    /// <summary>Called at each checkpoint: what was taken so far has to be out when it returns.</summary>
    public virtual void Flush()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the writer holds.</summary>
    /// <param name="disposing">Always true from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }
}
