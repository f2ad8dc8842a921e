using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Checkpointing.Hosting.Tests.Support;

/// <summary>Keeps what is logged from Information on.</summary>
internal sealed class RecordedLog : ILoggerProvider
{
    public ConcurrentQueue<(LogLevel Level, int Id, string Text)> Lines { get; } = [];

    public IEnumerable<string> Warnings =>
        Lines.Where(static line => line.Level == LogLevel.Warning).Select(static line => line.Text);

    public IEnumerable<string> Texts(int id) => Lines.Where(line => line.Id == id).Select(static line => line.Text);

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private sealed class Logger(RecordedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Lines.Enqueue((logLevel, eventId.Id, formatter(state, exception)));
            }
        }
    }
}
