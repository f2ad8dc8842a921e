using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Torture.ExactlyOnce;

/// <summary>Counts what the library says that it did.</summary>
internal sealed class FireLog : ILoggerFactory, ILogger
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts so far; a copy.</summary>
    internal IReadOnlyDictionary<string, long> Counts
    {
        get
        {
            lock (_lock)
            {
                return new SortedDictionary<string, long>(_counts, StringComparer.Ordinal);
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        var name = eventId.Id switch
        {
            CheckpointingEventIds.CheckpointCompleted => "checkpoints completed",
            CheckpointingEventIds.CheckpointAborted => $"checkpoints aborted: {ReasonOf(state)}",
            CheckpointingEventIds.JobRestarting => "restarts",
            CheckpointingEventIds.AttemptStarted => "attempts",
            CheckpointingEventIds.OperatorFinished => "operators finished",
            CheckpointingEventIds.OperatorHadFinished => "operators not started again",
            _ => null,
        };
        if (name is not null)
        {
            lock (_lock)
            {
                _counts[name] = _counts.GetValueOrDefault(name) + 1;
            }
        }
    }

    public void Dispose()
    {
    }

    private static object? ReasonOf<TState>(TState state) =>
        (state as IReadOnlyList<KeyValuePair<string, object?>>)?
            .FirstOrDefault(static pair => pair.Key == "Reason").Value;
}
