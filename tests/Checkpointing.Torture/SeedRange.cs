using System.Globalization;

namespace Checkpointing.Torture;

/// <summary>Seeds as a command takes them.</summary>
internal static class SeedRange
{
    /// <summary>Reads <c>FIRST..LAST</c>, both included.</summary>
    internal static (int First, int Last) Parse(string text) =>
        text.Split("..") is [var first, var last]
        && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var parsedFirst)
        && int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var parsedLast)
            ? (parsedFirst, parsedLast)
            : throw new ArgumentException($"--seeds takes FIRST..LAST, not '{text}'.");
}
