namespace Checkpointing.Hosting.Sources;

/// <summary>Shapes of sources.</summary>
public static class SourceExtensions
{
    /// <summary>The source pauses after so many records from the beginning of the input, restored ones included, and
    /// goes on answering triggers: a checkpoint can be taken at exactly this place.</summary>
    public static ISource<T> PausingAfter<T>(this ISource<T> source, long recordCount)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(recordCount);
        return new PausingSource<T>(source, recordCount);
    }

    private sealed class PausingSource<T>(ISource<T> inner, long recordCount) : ISource<T>
    {
        public long? PauseAfter => recordCount;

        public bool IsParallel => inner.IsParallel;

        public bool MayGrow => inner.MayGrow;

        public SourceReader<T> CreateReader() => inner.CreateReader();
    }
}
