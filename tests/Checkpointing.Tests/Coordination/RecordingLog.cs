using Microsoft.Extensions.Logging;

namespace Checkpointing.Tests.Coordination;

/// <summary>Keeps what is logged from a level on.</summary>
internal sealed class RecordingLog(LogLevel least) : ILoggerFactory, ILogger
{
    public List<(LogLevel Level, int Id, string Text)> Lines { get; } = [];

    public IEnumerable<string> Texts(int id) => Lines.Where(line => line.Id == id).Select(static line => line.Text);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            Lines.Add((logLevel, eventId.Id, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
    }
}
