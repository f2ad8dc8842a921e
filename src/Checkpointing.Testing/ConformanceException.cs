namespace Checkpointing.Testing;

/// <summary>A component does not keep its contract. The message says what was expected and what was found.</summary>
public sealed class ConformanceException(string message, Exception? innerException = null)
    : Exception(message, innerException);
