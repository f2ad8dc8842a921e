using System.Globalization;

namespace Checkpointing.Hosting.Sources;

/// <summary>A row of an input cannot be read. Mend the input; reading it again gives the same.</summary>
public sealed class MalformedRowException(string path, long rowNumber, string text, Exception? innerException = null)
    : CheckpointingException(
        string.Create(CultureInfo.InvariantCulture, $"row {rowNumber} of '{path}' is malformed: '{text}'"),
        innerException)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>Line of the file, from 1; a header line counts.</summary>
    public long RowNumber { get; } = rowNumber;

    /// <summary>The row.</summary>
    public string Text { get; } = text;
}
