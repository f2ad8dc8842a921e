using Microsoft.Extensions.Logging;

namespace Checkpointing.Torture;

/// <summary>Hears all that the library reports, from Information on.</summary>
internal abstract class TortureLog : ILoggerFactory, ILogger
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
        Func<TState, Exception?, string> formatter) =>
        Take(
            eventId.Id,
            name => (state as IReadOnlyList<KeyValuePair<string, object?>>)?
                .FirstOrDefault(pair => pair.Key == name).Value,
            () => formatter(state, exception));

    public void Dispose()
    {
    }

    /// <summary>Something was reported. Any thread.</summary>
    /// <param name="eventId">What.</param>
    /// <param name="valueOf">Its value of a name; null if it has none.</param>
    /// <param name="text">The whole sentence.</param>
    protected abstract void Take(int eventId, Func<string, object?> valueOf, Func<string> text);
}
