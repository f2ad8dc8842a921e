using Checkpointing.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Torture.Kills;

/// <summary>Says on the standard output what the library reports: whatever is said there was promised.</summary>
/// <param name="say">Writes a line, and flushes it.</param>
internal sealed class KillLog(Action<string> say) : ILoggerFactory, ILogger
{
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
        if (eventId.Id == CheckpointingEventIds.CheckpointCompleted)
        {
            say($"{KillsLifeCommand.CompletedPrefix}{IdOf(state)}");
        }
        else if (eventId.Id == CheckpointingEventIds.JobRestarting)
        {
            say(KillsLifeCommand.RestartingPrefix + formatter(state, exception).ReplaceLineEndings(" "));
        }
    }

    public void Dispose()
    {
    }

    private static object? IdOf<TState>(TState state) =>
        (state as IReadOnlyList<KeyValuePair<string, object?>>)?
            .FirstOrDefault(static pair => pair.Key == "CheckpointId").Value;
}
